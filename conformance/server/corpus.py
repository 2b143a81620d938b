"""Judge gunicorn's corpus: requests that a server has to refuse, and requests that it has to accept.

The corpus was made to be strict about framing, and has no `Host` in most of its requests. To a server that insists on
one nothing else would be tested, so a missing Host is added to the heads of HTTP/1.1; whatever a file says itself
stays. Only the `.http` files are read: the expectations beside them are programs of gunicorn's. Of a valid file it is
expected that every request is answered; of an invalid one that at least one is refused, or never answered although the
client has nothing more to say.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.run import ConformanceError
from reliability.answers import MalformedAnswerError, read_answers
from reliability.wire import Echo, Outcome, Workbench, silence_servers

INVALID, VALID = 81, 62  # files in gunicorn 27.0.1


@dataclass(frozen=True)
class Corpus:
    """The files by what is wrong with them: a name, and what happened."""

    accepted: Mapping[str, str]  # of the invalid ones
    rejected: Mapping[str, str]  # of the valid ones

    def objections(self, invalid: Mapping[str, str], valid: Mapping[str, str]) -> list[str]:
        lines = []
        for kind, found, excused in (("invalid", self.accepted, invalid), ("valid", self.rejected, valid)):
            lines += [f"{kind}/{name}: {found[name]}" for name in sorted(found.keys() - excused.keys())]
            lines += [
                f"{kind}/{name} is excused, but it is as it should be. Take it out of excused.toml."
                for name in sorted(excused.keys() - found.keys())
            ]
        return lines

    def counts(self, invalid: Mapping[str, str], valid: Mapping[str, str]) -> str:
        return (
            f"{INVALID - len(self.accepted)} of {INVALID} invalid rejected, {len(invalid)} excused; "
            f"{VALID - len(self.rejected)} of {VALID} valid accepted, {len(valid)} excused"
        )


def judge(folder: Path, protocol: str) -> Corpus:
    """Send every file of the corpus in this folder to the protocol class.

    Raises:
        ConformanceError: the folder does not hold the corpus.
    """
    invalid = {path.stem: read(path) for path in sorted((folder / "invalid").glob("*.http"))}
    valid = {path.stem: read(path) for path in sorted((folder / "valid").glob("*.http"))}
    if (len(invalid), len(valid)) != (INVALID, VALID):
        raise ConformanceError(f"{len(invalid)} invalid and {len(valid)} valid files in {folder}")
    silence_servers()
    return asyncio.run(_judge(invalid, valid, protocol))


async def _judge(invalid: Mapping[str, bytes], valid: Mapping[str, bytes], protocol: str) -> Corpus:
    bench = Workbench(protocol, Echo())
    accepted, rejected = {}, {}
    for name, data in invalid.items():
        statuses = _statuses(await bench.converse([data]))
        if statuses and all(status < 400 for status in statuses):
            accepted[name] = f"answered {statuses}"
    for name, data in valid.items():
        outcome = await bench.converse([data])
        statuses = _statuses(outcome)
        if not statuses or any(status >= 400 for status in statuses):
            rejected[name] = f"answered {statuses}"
        elif not all(seen.is_whole for seen in outcome.seen):
            rejected[name] = "the body did not come to an end"
    return Corpus(accepted, rejected)


def _statuses(outcome: Outcome) -> list[int]:
    if outcome.errors:
        raise ConformanceError(f"the protocol class raised {outcome.errors}")
    methods = [seen.method for seen in outcome.seen]
    try:
        return [answer.status for answer in read_answers(outcome.written, methods, closed=outcome.closed)]
    except MalformedAnswerError as error:
        raise ConformanceError(f"the protocol class wrote {outcome.written!r}: {error}") from error


def read(path: Path) -> bytes:
    r"""The bytes that a file stands for: line breaks are layout, `\r` `\n` `\t` `\0` and `\xHH` are bytes."""
    text = path.read_bytes().replace(b"\n", b"")
    escapes = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0"}
    data = re.sub(
        rb"\\(x[0-9A-Fa-f]{2}|[rnt0])",
        lambda found: escapes.get(found[1]) or bytes([int(found[1][1:], 16)]),
        text,
    )
    return with_hosts(data)


def with_hosts(data: bytes) -> bytes:
    """The stream with a Host in the first head of HTTP/1.1, and in what follows other requests, if it has none."""
    starts = [found.end() for found in re.finditer(rb"(?:^|\r\n)[-A-Za-z]+ [^\r\n]* HTTP/1\.1\r\n", data)]
    for start in reversed(starts):
        end = data.find(b"\r\n\r\n", start - 2)
        if end >= 0 and not re.search(rb"(?:^|\r\n)host:", data[start:end], re.IGNORECASE):
            data = data[:start] + b"Host: a.example\r\n" + data[start:]
    return data
