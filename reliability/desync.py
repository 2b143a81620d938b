"""Desync: mutated streams of two requests, and three questions about each.

1. Does the application see the requests that `reference.py` reads, and no others? A body that is taken for a request,
   or
   a request for a body, shows here.
2. Are the answers whole responses, in the order of the requests, with a refusal only at the end and only then?
3. Is all that the same when the stream arrives in other pieces?

A stream that ends early is followed by an end of file, and the server has to let go of the connection.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from reliability import splits
from reliability.answers import Answer, MalformedAnswerError, read_answers
from reliability.reference import Reading, read_requests
from reliability.runs import Result, Task, in_processes, in_shares
from reliability.serving import serving
from reliability.sockets import Address, connected, receive_all
from reliability.wire import Echo, Outcome, Seen, Workbench, silence_servers

# --- streams --------------------------------------------------------------------------------------------------------

HEADS = (
    b"GET /%s HTTP/1.1\r\nHost: a.example\r\n\r\n",
    b"HEAD /%s HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n",
    b"GET /%s?q=1 HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive\r\nCookie: a=b; c=d\r\n\r\n",
    b"GET http://a.example/%s HTTP/1.1\r\nHost: a.example\r\n\r\n",
    b"GET /%s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a.example\r\nX: %s\r\n\r\n",
)
LENGTHS = (
    b"POST /%s HTTP/1.1\r\nHost: a.example\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n",
    b"PUT /%s HTTP/1.1\r\nContent-Length: %d\r\nHost: a.example\r\n\r\n",
    b"POST /%s HTTP/1.1\r\nHost: a.example\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: %d\r\n\r\n",
    b"POST /%s HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
)
CHUNKED = (
    b"POST /%s HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST /%s HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a.example\r\nTrailer: X\r\n\r\n",
)
BODIES = (
    b"",
    b"hello",
    b"0\r\n\r\n",
    b"GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n",
    b"\r\n\r\n",
    b"{}" * 40,
)


def make_request(choose: random.Random, name: bytes) -> bytes:
    kind = choose.randrange(3)
    if kind == 0:
        return choose.choice(HEADS) % name
    body = choose.choice(BODIES)
    if kind == 1:
        return choose.choice(LENGTHS) % (name, len(body)) + body
    return choose.choice(CHUNKED) % name + in_chunks(choose, body)


def in_chunks(choose: random.Random, body: bytes) -> bytes:
    pieces = [piece for piece in splits.at_random(body, choose, 3) if piece] if body else []
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return chunks + b"0\r\n" + choose.choice((b"", b"", b"X: a\r\n")) + b"\r\n"


INSERTED = (
    *(bytes([byte]) for byte in b'\x00\t\n\r "#%,/:;=?@\\\x7f\x80\xff0159aFgx-+_'),
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"\n\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"content-length:0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"transfer-encoding:\tchunked\r\n",
    b"Connection: close\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    b"Expect: 100-continue\r\n",
    b"Host: b.example\r\n",
    b"0\r\n\r\n",
    b"5\r\n",
    b"GET / HTTP/1.1\r\n",
    b" HTTP/1.1",
    b"chunked",
    b"chunked, ",
)


def cut_out(choose: random.Random, data: bytes) -> bytes:
    start = choose.randrange(len(data))
    return data[:start] + data[start + choose.choice((1, 1, 2, 4, 16)) :]


def insert(choose: random.Random, data: bytes) -> bytes:
    place = choose.randrange(len(data) + 1)
    return data[:place] + choose.choice(INSERTED) + data[place:]


def insert_line(choose: random.Random, data: bytes) -> bytes:
    """Between two lines, where a field line or a chunk size means something."""
    lines = data.split(b"\r\n")
    lines.insert(choose.randrange(len(lines)), choose.choice(INSERTED).removesuffix(b"\r\n"))
    return b"\r\n".join(lines)


def replace_byte(choose: random.Random, data: bytes) -> bytes:
    place = choose.randrange(len(data))
    return data[:place] + bytes([choose.randrange(256)]) + data[place + 1 :]


def repeat(choose: random.Random, data: bytes) -> bytes:
    start = choose.randrange(len(data))
    end = start + choose.choice((1, 2, 8, 40))
    return data[:end] + data[start:end] + data[end:]


def change_digit(choose: random.Random, data: bytes) -> bytes:
    """Another number, where there is one: lengths, sizes, versions."""
    digits = [place for place, byte in enumerate(data) if 48 <= byte <= 57]
    if not digits:
        return data
    place = choose.choice(digits)
    return data[:place] + choose.choice((b"0", b"1", b"2", b"9", b"a", b"", b"00", b"-1")) + data[place + 1 :]


def swap_lines(choose: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\r\n")
    first, second = choose.randrange(len(lines)), choose.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\r\n".join(lines)


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    cut_out,
    insert,
    insert,
    insert_line,
    insert_line,
    replace_byte,
    repeat,
    change_digit,
    swap_lines,
)


def make_stream(choose: random.Random) -> bytes:
    """Two requests, with one to three mutations; one stream in eight has none."""
    data = make_request(choose, b"first") + make_request(choose, b"second")
    for _ in range(choose.choice((0, 1, 1, 1, 1, 2, 2, 3))):
        data = choose.choice(MUTATIONS)(choose, data) or b"\r\n"
    return data


# --- judging --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one stream, and how to see it again."""

    kind: str
    detail: str
    stream: bytes
    pieces: Sequence[bytes]

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}\n  stream: {self.stream!r}\n  pieces: {[len(p) for p in self.pieces]}"


def judge(stream: bytes, pieces: Sequence[bytes], outcome: Outcome) -> Fault | None:
    """The first thing that is wrong with what became of a stream; None if nothing is."""
    reading = read_requests(stream)
    expected = tuple(as_seen(request.method, request.target, request.body) for request in reading.requests)
    whole = tuple(seen for seen in outcome.seen if seen.is_whole)

    def fault(kind: str, detail: str) -> Fault:
        return Fault(kind, detail, stream, pieces)

    if outcome.errors:
        return fault("exception", outcome.errors[0])
    if whole != expected:
        return fault("other requests", f"read {expected}, seen {whole}; {reading.refusal or ''}")
    begun = outcome.seen[len(whole) :]
    if outcome.seen[: len(whole)] != whole or len(begun) > (reading.begun is not None):
        return fault("a request that should not begin", f"{outcome.seen}")
    try:
        answers = read_answers(outcome.written, [seen.method for seen in outcome.seen], closed=outcome.closed)
    except MalformedAnswerError as error:
        return fault("malformed answer", str(error))
    return _judge_answers(answers, reading, expected, outcome, fault)


def _judge_answers(
    answers: Sequence[Answer],
    reading: Reading,
    expected: Sequence[Seen],
    outcome: Outcome,
    fault: Callable[[str, str], Fault],
) -> Fault | None:
    statuses = [answer.status for answer in answers]
    if statuses[: len(expected)] != [200] * len(expected):
        return fault("not answered", f"{len(expected)} requests, answers {statuses}")
    for place, (answer, seen) in enumerate(zip(answers, expected, strict=False)):
        text = b"" if seen.method == "HEAD" else b"%d %s %s" % (place, seen.method.encode(), seen.target)
        if answer.header(b"x-request") != b"%d" % place or answer.body != text:
            return fault("out of order", f"answer {place} is {answer}")
    rest = answers[len(expected) :]
    if len(rest) > 1 or any(answer.status < 400 for answer in rest):
        return fault("too many answers", f"{len(expected)} requests, answers {statuses}")
    if reading.refusal and not rest:
        return fault("not refused", reading.refusal)
    if rest and not (reading.refusal or reading.begun or reading.is_cut):
        return fault("refused", f"{rest[0]}")
    if not outcome.closed:
        return fault("not closed", f"after the client's end of file; answers {statuses}")
    return None


def as_seen(method: str, target: bytes, body: bytes) -> Seen:
    """A request as an ASGI application sees it: an empty query is no query."""
    path, _, query = target.partition(b"?")
    return Seen(method, path + b"?" + query if query else path, body)


async def try_stream(bench: Workbench, choose: random.Random) -> Fault | None:
    """Make a stream, send it in two ways, and judge both."""
    stream = make_stream(choose)
    for pieces in (splits.whole(stream), splits.at_random(stream, choose)):
        fault = judge(stream, pieces, await bench.converse(pieces))
        if fault is not None:
            return fault
    return None


async def search(protocol: str, seed: int, numbers: Sequence[int]) -> list[tuple[int, Fault]]:
    """Try the streams of these numbers; each is made from `seed:number`, so that one can be tried alone.

    The application takes the fast lanes for every other stream.
    """
    app = Echo()
    bench = Workbench(protocol, app)
    found = []
    for number in numbers:
        app.lanes = number % 2 == 1
        if fault := await try_stream(bench, random.Random(f"{seed}:{number}")):
            found.append((number, fault))
    return found


# --- over sockets ---------------------------------------------------------------------------------------------------


def search_over_sockets(protocol: str, seed: int, numbers: Iterable[int]) -> list[tuple[int, Fault]]:
    """`search` with a real server, one connection after the other: what the transport does is in it, too."""
    app = Echo()
    found = []
    with serving(app, protocol, lifespan="off", ws="none", access_log=False) as served:
        for number in numbers:
            app.lanes = number % 2 == 1
            choose = random.Random(f"{seed}:{number}")
            stream = make_stream(choose)
            pieces = splits.at_random(stream, choose)
            app.seen = []
            written = _converse(served.address, pieces)
            fault = judge(stream, pieces, Outcome(tuple(app.seen), written, True, ()))
            if fault is not None:
                found.append((number, fault))
    return found


def _converse(address: Address, pieces: Sequence[bytes]) -> bytes:
    """Send the pieces and the end; everything that comes until the server closes."""
    with connected(address) as client:
        with suppress(OSError):  # the server may have refused, answered and closed by now
            for piece in pieces:
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
        return receive_all(client)


# --- the long runs --------------------------------------------------------------------------------------------------

SHARE = 500  # streams for a process at a time


def _search_share(share: tuple[str, int, range]) -> tuple[int, list[tuple[int, Fault]]]:
    protocol, seed, numbers = share
    silence_servers()
    return len(numbers), asyncio.run(search(protocol, seed, numbers))


def run(task: Task) -> Result:
    faults: list[tuple[int, Fault]] = []
    shares = [(task.protocol, task.seed, numbers) for numbers in in_shares(task.count, SHARE)]
    for done, found in in_processes(_search_share, shares):
        faults += found
        task.advance(done, f"{len(faults)} faults")
    return _result(task, faults, "streams, each whole and in pieces")


def run_over_sockets(task: Task) -> Result:
    silence_servers()
    faults = search_over_sockets(task.protocol, task.seed, task.each(range(task.count)))
    return _result(task, faults, "streams over sockets")


def _result(task: Task, faults: Sequence[tuple[int, Fault]], what: str) -> Result:
    return Result(
        f"{task.count:,} {what}: {len(faults)} faults",
        [f"{number}: {fault}" for number, fault in sorted(faults, key=lambda found: found[0])],
    )
