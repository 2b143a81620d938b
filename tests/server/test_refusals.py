"""What is not given to the application: the answer, and that the connection ends with it."""

from __future__ import annotations

import pytest

from vivace.server import Limits
from vivace.server.head import check_partial_head
from vivace.server.refusals import Refusal, Refused

from . import apps
from .serving import GET, Served, serve

HOST = b"Host: example.org\r\n"
LINE = b"GET / HTTP/1.1\r\n"
POST = b"POST / HTTP/1.1\r\nHost: example.org\r\n"

REFUSED = {
    "no host": (LINE + b"\r\n", 400),
    "two hosts": (LINE + HOST + HOST + b"\r\n", 400),
    "host with a path": (LINE + b"Host: a/b?c@d\r\n\r\n", 400),
    "host with user": (LINE + b"Host: user@a\r\n\r\n", 400),
    "empty host": (LINE + b"Host:\r\n\r\n", 400),
    "two hosts in one": (LINE + b"Host: a, b\r\n\r\n", 400),
    "two hosts in 1.0": (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "no version": (b"GET /\r\n", 400),
    "version 0.9": (b"GET / HTTP/0.9\r\n\r\n", 400),
    "version 1.2": (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 400),
    "version 2.0": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 400),
    "preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "small letters": (b"GET / http/1.1\r\n" + HOST + b"\r\n", 400),
    "two spaces": (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "space in target": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "space in front": (b" GET / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "fragment": (b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "target without slash": (b"GET @evil HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "asterisk for GET": (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "other scheme": (b"GET ftp://a/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "user in target": (b"GET http://a@b/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no authority": (b"GET http:///a HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "8 bits in target": (b"GET /\xfc HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "unknown method": (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    "connect": (b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    "TLS": (b"\x16\x03\x01\x02\0\x01\0\x01", 400),
    "line feeds": (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    "one line feed": (LINE + b"Host: a\nb: c\r\n\r\n", 400),
    "carriage return in value": (LINE + HOST + b"a: b\rc\r\n\r\n", 400),
    "NUL": (LINE + HOST + b"a: b\0\r\n\r\n", 400),
    "control": (LINE + HOST + b"a: b\x7f\r\n\r\n", 400),
    "control, with the rest missing": (LINE + HOST + b"a: b\x01", 400),
    "folded": (LINE + HOST + b"a: b\r\n c\r\n\r\n", 400),
    "space before colon": (LINE + HOST + b"a : b\r\n\r\n", 400),
    "no colon": (LINE + HOST + b"a\r\n\r\n", 400),
    "no name": (LINE + HOST + b": a\r\n\r\n", 400),
    "length and coding": (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "coding and length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "list of lengths": (POST + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    "plus": (POST + b"Content-Length: +3\r\n\r\nabc", 400),
    "minus": (POST + b"Content-Length: -3\r\n\r\nabc", 400),
    "no number": (POST + b"Content-Length: 0x3\r\n\r\nabc", 400),
    "no length": (POST + b"Content-Length:\r\n\r\nabc", 400),
    "long length": (POST + b"Content-Length: " + b"9" * 20 + b"\r\n\r\nabc", 400),
    "two codings": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 400),
    "other coding": (POST + b"Transfer-Encoding: identity\r\n\r\n", 400),
    "chunked twice": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "coding in 1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "no chunk size": (POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    "chunk with 0x": (POST + b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400),
    "chunk too long": (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400),
    "chunk of line feeds": (POST + b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", 400),
    "huge chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n", 400),
    "long target": (b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "long target, no end": (b"GET /" + b"a" * 17_000, 414),
    "large head": (LINE + HOST + b"a: " + b"b" * 66_000 + b"\r\n\r\n", 431),
    "large head, no end": (LINE + HOST + b"a: " + b"b" * 66_000, 431),
    "many fields": (LINE + HOST + b"a: b\r\n" * 100 + b"\r\n", 431),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(echoing: Served, name: str) -> None:
    """Whole, in two halves, and (unless that takes long) byte by byte; with a good request in front, and one behind."""
    raw, status = REFUSED[name]
    middle = len(raw) // 2
    cuts = [[raw], [raw[:middle], raw[middle:]]]
    if len(raw) < 200:
        cuts.append([raw[at : at + 1] for at in range(len(raw))])
    for pieces in cuts:
        with echoing.connect() as client:
            client.send(GET, *pieces, pause=0.0002)
            client.send(GET)
            reply = client.read()
        assert reply.is_closed
        assert reply.statuses == [200, status], pieces
        assert b"\r\nconnection: close\r\n" in reply.raw


def test_refused_says_why(echoing: Served) -> None:
    before = len(echoing.records)
    reply = echoing.ask(b"GET / HTTP/1.1\r\n\r\n")
    why = "Invalid HTTP request received. Host is missing (RFC 9112, section 3.2)"
    assert reply.content == f"{why}\n".encode()
    assert ("content-type", "text/plain; charset=utf-8") in reply.headers
    assert echoing.lines[before:] == [why]


@pytest.mark.parametrize(
    "raw",
    [
        b"HEAD / HTTP/1.1\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HEAD / HTTP/1.1\r\nHost: a\0",
    ],
)
def test_refusal_of_head_has_no_content(echoing: Served, raw: bytes) -> None:
    """RFC 9110, section 9.3.2: a client would take it for the next response."""
    reply = echoing.ask(raw)
    assert (reply.statuses, reply.content, reply.is_closed) == ([400], b"", True)


def test_every_refusal_cites_its_section() -> None:
    from vivace.server import refusals

    found = [value for value in vars(refusals).values() if isinstance(value, Refusal)]
    assert len(found) > 20
    assert all(refusal.section.startswith("RFC ") and ", section " in refusal.section for refusal in found)


# --- limits of size -----------------------------------------------------------------------------------------------

SMALL = Limits(max_head_size=200, max_fields=3, max_target_size=50, max_body_size=10)


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


@pytest.mark.parametrize(
    ("raw", "statuses"),
    [
        (LINE + HOST + b"a: b\r\nc: d\r\n\r\n", [200]),
        (LINE + HOST + b"a: b\r\nc: d\r\ne: f\r\n\r\n", [431]),
        (LINE + HOST + b"a: " + b"b" * 160 + b"\r\n\r\n", [431]),
        (b"GET /" + b"a" * 49 + b" HTTP/1.1\r\n" + HOST + b"\r\n", [200]),
        (b"GET /" + b"a" * 50 + b" HTTP/1.1\r\n" + HOST + b"\r\n", [414]),
        (POST + b"Content-Length: 10\r\n\r\n0123456789", [200]),
        (POST + b"Content-Length: 11\r\n\r\n", [413]),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"01234", b"56789", b""), [200]),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"01234", b"567890"), [413]),
        # What was learned from one head does not widen the limits of the next.
        (GET + b"GET /" + b"a" * 49 + b" HTTP/1.1\r\n" + HOST + b"\r\n", [200, 200]),
        (GET + b"GET /" + b"a" * 60 + b" HTTP/1.1\r\n" + HOST + b"\r\n", [200, 414]),
    ],
)
def test_small_limits(raw: bytes, statuses: list[int]) -> None:
    with serve(apps.echo, limits=SMALL) as served:
        assert served.ask(raw).statuses == statuses


def test_body_over_the_limit_is_not_waited_for() -> None:
    """413 as soon as the head is there: nothing is buffered."""
    with serve(apps.echo, limits=SMALL) as served, served.connect() as client:
        client.send(POST + b"Content-Length: 1000000\r\n\r\n")
        client.read_until(b"section 15.5.14)\n")


def test_each_byte_of_a_partial_head_is_looked_at_once() -> None:
    """Or a head that comes byte by byte would cost the square of its length."""
    partial = b"GET / HTTP/1.1\r\nHost: a\nX: y"
    with pytest.raises(Refused):
        check_partial_head(partial, 0, Limits())
    with pytest.raises(Refused):
        check_partial_head(partial, partial.index(b"\n", 20), Limits())
    check_partial_head(partial, partial.index(b"X"), Limits())


def test_trailer_section_is_bounded(echoing: Served) -> None:
    raw = POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 20_000
    with echoing.connect() as client:
        client.send(*(raw[at : at + 4096] for at in range(0, len(raw), 4096)))
        assert client.read().statuses == [400]
