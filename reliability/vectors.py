"""Request vectors: bytes, the verdict, and the section that it follows from.

Written from RFC 9110 and RFC 9112 in the manner of strict parser suites: each vector is one connection. A refusal is
answered with its status and closes the connection; requests before it are answered first. `tests/reliability` sends
every vector whole, byte by byte and cut at random places, and expects the same verdict each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reliability.wire import Seen

HOST = b"Host: a.example\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Vector:
    """One connection: what is sent, which requests the application sees, and the status of the refusal if any."""

    name: str
    section: str
    data: bytes
    seen: tuple[Seen, ...] = ()
    refusal: int | None = None


def get(target: bytes = b"/", *, method: str = "GET") -> Seen:
    return Seen(method, target, b"")


def post(body: bytes, target: bytes = b"/") -> Seen:
    return Seen("POST", target, body)


def head(line: bytes = b"GET / HTTP/1.1", fields: bytes = HOST) -> bytes:
    """A head: `head(b"GET /a HTTP/1.1", b"Host: a\\r\\n")`."""
    return line + b"\r\n" + fields + b"\r\n"


def posted(framing: bytes, body: bytes, target: bytes = b"/") -> bytes:
    """A POST with this framing field and what follows the head."""
    return head(b"POST " + target + b" HTTP/1.1", HOST + framing + b"\r\n") + body


def chunked(body: bytes) -> bytes:
    return posted(b"Transfer-Encoding: chunked", body)


def request_lines() -> Iterator[Vector]:
    section = "RFC 9112, section 3"
    for method in ("GET", "OPTIONS", "DELETE", "PATCH", "PUT", "POST", "HEAD", "TRACE"):
        yield Vector(
            f"method {method}", section, head(b"%s / HTTP/1.1" % method.encode()), (get(method=method),)
        )
    for target in (b"/a?b=c", b"/?", b"//", b"/a//b", b"/%41%2f", b"/a;b=c", b"/~!$&'()*+,;=:@", b"/a?b?c/d"):
        # A question mark with nothing after it is an empty query, which ASGI cannot tell from none.
        yield Vector(
            f"target {target.decode()}",
            section,
            head(b"GET %s HTTP/1.1" % target),
            (get(target.rstrip(b"?")),),
        )
    absolute = "RFC 9112, section 3.2.2"
    yield Vector("absolute-form", absolute, head(b"GET http://a.example/x?y=1 HTTP/1.1"), (get(b"/x?y=1"),))
    yield Vector(
        "absolute-form without a path", absolute, head(b"GET http://a.example HTTP/1.1"), (get(b"/"),)
    )
    yield Vector(
        "asterisk-form",
        "RFC 9112, section 3.2.4",
        head(b"OPTIONS * HTTP/1.1"),
        (get(b"*", method="OPTIONS"),),
    )
    yield Vector("empty line before the request", "RFC 9112, section 2.2", b"\r\n" + head(), (get(),))
    yield Vector(
        "empty line between requests", "RFC 9112, section 2.2", head() + b"\r\n" + head(), (get(), get())
    )

    bad_lines = {
        "no target": b"GET HTTP/1.1",
        "no version": b"GET /",
        "HTTP/0.9": b"GET /\r\n",
        "two spaces before the target": b"GET  / HTTP/1.1",
        "two spaces before the version": b"GET /  HTTP/1.1",
        "space at the end": b"GET / HTTP/1.1 ",
        "space at the start": b" GET / HTTP/1.1",
        "tab for a space": b"GET\t/\tHTTP/1.1",
        "space in the target": b"GET /a b HTTP/1.1",
        "bare CR in the line": b"GET /\r HTTP/1.1",
        "NUL in the method": b"G\x00T / HTTP/1.1",
        "colon in the method": b"GE:T / HTTP/1.1",
        "space after a method": b"GET : / HTTP/1.1",
        "method of bytes above 127": b"GET\xff / HTTP/1.1",
        "NUL in the target": b"GET /\x00 HTTP/1.1",
        "control in the target": b"GET /\x1b HTTP/1.1",
        "DEL in the target": b"GET /\x7f HTTP/1.1",
        "tab in the target": b"GET /a\tb HTTP/1.1",
        "bytes above 127 in the target": b"GET /\xc3\xa9 HTTP/1.1",
        "relative target": b"GET index.html HTTP/1.1",
        "userinfo as a target": b"GET @evil HTTP/1.1",
        "authority-form for GET": b"GET a.example:80 HTTP/1.1",
        "asterisk-form for GET": b"GET * HTTP/1.1",
        "another scheme": b"GET ftp://a.example/ HTTP/1.1",
        "absolute-form without a host": b"GET http:///x HTTP/1.1",
        "absolute-form with a user name": b"GET http://user@a.example/x HTTP/1.1",
        "a fragment": b"GET /a#b HTTP/1.1",
        "lower-case protocol": b"GET / http/1.1",
        "another protocol": b"GET / RTSP/1.0",
        "another protocol's name": b"GET / ICE/1.1",
        "HTTP/1.2": b"GET / HTTP/1.2",
        "HTTP/1.10": b"GET / HTTP/1.10",
        "HTTP/2.0": b"GET / HTTP/2.0",
        "HTTP/3": b"GET / HTTP/3",
        "HTTP/01.1": b"GET / HTTP/01.1",
        "HTTP/1,1": b"GET / HTTP/1,1",
        "HTTP/1.": b"GET / HTTP/1.",
        "no slash": b"GET / HTTP1.1",
    }
    for name, line in bad_lines.items():
        yield Vector(name, section, head(line) + SMUGGLED, refusal=400)
    methods = {
        "unknown method": b"MAKECOFFEE / HTTP/1.1",
        "lower-case method": b"get / HTTP/1.1",
        "a tunnel": b"CONNECT a.example:443 HTTP/1.1",
    }
    for name, line in methods.items():
        yield Vector(name, "RFC 9110, section 9.1", head(line) + SMUGGLED, refusal=501)
    yield Vector("bare LF after the request line", section, b"GET / HTTP/1.1\n" + HOST + b"\r\n", refusal=400)
    yield Vector("binary rubbish", section, bytes(range(128, 256)) + b"\r\n\r\n", refusal=400)
    yield Vector(
        "TLS on a plain port",
        section,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n",
        refusal=400,
    )
    yield Vector("HTTP/2 preface", section, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refusal=400)
    yield Vector(
        "long target",
        "RFC 9110, section 15.5.15",
        head(b"GET /" + b"a" * 16 * 1024 + b" HTTP/1.1"),
        refusal=414,
    )
    target = b"/" + b"a" * (16 * 1024 - 1)
    yield Vector(
        "longest target", "RFC 9110, section 15.5.15", head(b"GET " + target + b" HTTP/1.1"), (get(target),)
    )


def fields() -> Iterator[Vector]:
    section = "RFC 9112, section 5"
    good = {
        "no space after the colon": b"X:a\r\n",
        "spaces and tabs around the value": b"X: \t a \t \r\n",
        "empty value": b"X:\r\n",
        "value of spaces": b"X:   \r\n",
        "obs-text": b"X: caf\xc3\xa9\xff\r\n",
        "tab in a value": b"X: a\tb\r\n",
        "all token characters": b"!#$%&'*+-.^_`|~09azAZ: a\r\n",
        "colons in a value": b"X: a:b::c\r\n",
        "a hundred fields": b"".join(b"X-%d: a\r\n" % number for number in range(99)),
        "a field of 32 KiB": b"X: " + b"a" * 32 * 1024 + b"\r\n",
    }
    for name, lines in good.items():
        yield Vector(name, section, head(fields=HOST + lines), (get(),))
    bad = {
        "space before the colon": b"X : a\r\n",
        "tab before the colon": b"X\t: a\r\n",
        "space before the name": b" X: a\r\n",
        "no colon": b"X\r\n",
        "no name": b": a\r\n",
        "obs-fold": b"X: a\r\n b\r\n",
        "obs-fold with a tab": b"X: a\r\n\tb\r\n",
        "obs-fold of nothing": b"X:\r\n a\r\n",
        "NUL in a value": b"X: a\x00b\r\n",
        "BEL in a value": b"X: a\x07b\r\n",
        "DEL in a value": b"X: a\x7fb\r\n",
        "bare CR in a value": b"X: a\rb\r\n",
        "bare CR at the end of a value": b"X: a\r\r\n",
        "bare LF in a value": b"X: a\nY: b\r\n",
        "bare LF after a field": b"X: a\n",
        "NUL in a name": b"X\x00Y: a\r\n",
        "parenthesis in a name": b"X(Y): a\r\n",
        "bytes above 127 in a name": b"X\xff: a\r\n",
        "quotes in a name": b'"X": a\r\n',
        "slash in a name": b"X/Y: a\r\n",
    }
    for name, lines in bad.items():
        yield Vector(name, section, head(fields=HOST + lines) + SMUGGLED, refusal=400)
        yield Vector(f"{name}, first", section, head(fields=lines + HOST) + SMUGGLED, refusal=400)
    limits = "RFC 6585, section 5"
    many = b"".join(b"X-%d: a\r\n" % number for number in range(100))
    yield Vector("a hundred and one fields", limits, head(fields=HOST + many), refusal=431)
    yield Vector(
        "a head of 65 KiB", limits, head(fields=HOST + b"X: " + b"a" * 65 * 1024 + b"\r\n"), refusal=431
    )
    yield Vector(
        "a head of 65 KiB that does not end",
        limits,
        b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 65 * 1024,
        refusal=431,
    )


def hosts() -> Iterator[Vector]:
    section = "RFC 9112, section 3.2"
    for value in (
        b"a.example",
        b"a.example:8000",
        b"127.0.0.1",
        b"[::1]",
        b"[::1]:80",
        b"a-b_c.example",
        b"localhost:",
        b"%41.example",
    ):
        yield Vector(f"Host: {value.decode()}", section, head(fields=b"Host: " + value + b"\r\n"), (get(),))
    for value in (
        b"a/b",
        b"a/b?c@d",
        b"user@a.example",
        b"a?b",
        b"a#b",
        b"a b",
        b"a,b c",
        b"a\\b",
        b"a<b>",
        b'a"b',
        b"[::1",
        b"::1",
        b"[::1]a",
        b"a:port",
        b"a:80:80",
        b"a%zz",
        b"caf\xc3\xa9",
        b"http://a.example",
        b"",
        b":80",
    ):
        yield Vector(
            f"Host: {value.decode('latin-1')}",
            section,
            head(fields=b"Host: " + value + b"\r\n") + SMUGGLED,
            refusal=400,
        )
    yield Vector("no Host", section, head(fields=b"X: a\r\n"), refusal=400)
    yield Vector("two Hosts", section, head(fields=HOST + HOST), refusal=400)
    yield Vector("two different Hosts", section, head(fields=HOST + b"host: b.example\r\n"), refusal=400)
    yield Vector("no Host in HTTP/1.0", section, head(b"GET / HTTP/1.0", b""), (get(),))
    yield Vector("two Hosts in HTTP/1.0", section, head(b"GET / HTTP/1.0", HOST + HOST), refusal=400)


def lengths() -> Iterator[Vector]:
    section = "RFC 9110, section 8.6"
    follow = head(b"GET /next HTTP/1.1")
    yield Vector(
        "a body and a request",
        section,
        posted(b"Content-Length: 5", b"hello" + follow),
        (post(b"hello"), get(b"/next")),
    )
    yield Vector(
        "a body of nothing", section, posted(b"Content-Length: 0", follow), (post(b""), get(b"/next"))
    )
    yield Vector("no body", section, head(b"POST / HTTP/1.1") + follow, (post(b""), get(b"/next")))
    yield Vector("zeros in front", section, posted(b"Content-Length: 0005", b"hello"), (post(b"hello"),))
    yield Vector("spaces around", section, posted(b"Content-Length: \t5 ", b"hello"), (post(b"hello"),))
    yield Vector(
        "a body that looks like a request",
        section,
        posted(b"Content-Length: %d" % len(SMUGGLED), SMUGGLED + follow),
        (post(SMUGGLED), get(b"/next")),
    )
    yield Vector(
        "a body of GET",
        section,
        head(fields=HOST + b"Content-Length: 5\r\n") + b"hello" + follow,
        (Seen("GET", b"/", b"hello"), get(b"/next")),
    )
    bad = {
        "negative": b"-1",
        "minus nothing": b"-0",
        "plus": b"+5",
        "hexadecimal": b"0x5",
        "hexadecimal digits": b"a",
        "decimal point": b"5.0",
        "exponent": b"1e1",
        "underscore": b"1_0",
        "empty": b"",
        "two values": b"5, 5",
        "two different values": b"5, 6",
        "trailing comma": b"5,",
        "space inside": b"1 2",
        "quoted": b'"5"',
        "other digits": "５".encode(),
        "superscript": b"\xb2",
        "more than 64 bits": b"18446744073709551621",
        "a hundred digits": b"9" * 100,
        "control": b"5\x0b",
    }
    for name, value in bad.items():
        yield Vector(
            f"Content-Length: {name}",
            section,
            posted(b"Content-Length: " + value, b"hello" + SMUGGLED),
            refusal=400,
        )
    for first, second in ((b"5", b"6"), (b"5", b"5"), (b"0", b"5")):
        yield Vector(
            f"Content-Length {first.decode()} and {second.decode()}",
            section,
            posted(b"Content-Length: %s\r\ncontent-length: %s" % (first, second), b"hello" + SMUGGLED),
            refusal=400,
        )
    yield Vector(
        "Content-Length with a space before the colon",
        section,
        posted(b"Content-Length : 5", b"hello" + SMUGGLED),
        refusal=400,
    )


def codings() -> Iterator[Vector]:
    section = "RFC 9112, section 6.1"
    body = b"5\r\nhello\r\n0\r\n\r\n"
    follow = head(b"GET /next HTTP/1.1")
    for value in (b"chunked", b"Chunked", b"CHUNKED", b" \tchunked "):
        yield Vector(
            f"Transfer-Encoding: {value.decode()!r}",
            section,
            posted(b"Transfer-Encoding:" + value, body + follow),
            (post(b"hello"), get(b"/next")),
        )
    for value in (
        b"gzip",
        b"gzip, chunked",
        b"chunked, gzip",
        b"chunked, chunked",
        b"identity",
        b"identity, chunked",
        b"chunked, identity",
        b"chunked;q=1",
        b"chunked;",
        b"xchunked",
        b"chunkedx",
        b"chunke",
        b'"chunked"',
        b",chunked",
        b"chunked,",
        b"",
        b"ch unked",
        b"\x0bchunked",
        b"chunked\x0c",
        b"chunked\xa0",
        b"ch\xc3\xbcnked",
    ):
        yield Vector(
            f"Transfer-Encoding: {value.decode('latin-1')!r}",
            section,
            posted(b"Transfer-Encoding: " + value, body + SMUGGLED),
            refusal=400,
        )
    for fields_of_two in (
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: 0\r\nTransfer-Encoding: chunked",
        b"Content-Length: 5\r\nTransfer-Encoding: identity",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding:\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding\t: chunked",
        b"Transfer-Encoding:\r\n chunked",
        b"Transfer-Encoding: chunked\r\n\x20Content-Length: 5",
    ):
        yield Vector(
            f"{fields_of_two!r}", "RFC 9112, section 6.3", posted(fields_of_two, body + SMUGGLED), refusal=400
        )
    yield Vector(
        "Transfer-Encoding in HTTP/1.0",
        section,
        head(b"POST / HTTP/1.0", HOST + b"Transfer-Encoding: chunked\r\n") + body + SMUGGLED,
        refusal=400,
    )
    yield Vector(
        "a field that only looks like it",
        section,
        posted(b"Transfer_Encoding: chunked\r\nContent-Length: 5", b"hello" + follow),
        (post(b"hello"), get(b"/next")),
    )


def chunks() -> Iterator[Vector]:
    section = "RFC 9112, section 7.1"
    follow = head(b"GET /next HTTP/1.1")
    good = {
        "one chunk": b"5\r\nhello\r\n0\r\n\r\n",
        "five chunks": b"".join(b"1\r\n%c\r\n" % char for char in b"hello") + b"0\r\n\r\n",
        "upper-case size": b"5\r\nhello\r\n0\r\n\r\n",
        "zeros before the size": b"00005\r\nhello\r\n000\r\n\r\n",
        "extension": b"5;a=b\r\nhello\r\n0\r\n\r\n",
        "extension without a value": b"5;a\r\nhello\r\n0;b\r\n\r\n",
        "quoted extension": b'5;a="b c"\r\nhello\r\n0\r\n\r\n',
        "trailers": b"5\r\nhello\r\n0\r\nX: a\r\nY: b\r\n\r\n",
    }
    for name, body in good.items():
        yield Vector(name, section, chunked(body + follow), (post(b"hello"), get(b"/next")))
    yield Vector("no chunk", section, chunked(b"0\r\n\r\n" + follow), (post(b""), get(b"/next")))
    yield Vector(
        "a chunk that looks like a request",
        section,
        chunked(b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED) + follow),
        (post(SMUGGLED), get(b"/next")),
    )
    bad = {
        "no size": b"\r\nhello\r\n",
        "size with a sign": b"+5\r\nhello\r\n",
        "negative size": b"-5\r\nhello\r\n",
        "0x": b"0x5\r\nhello\r\n",
        "underscore": b"0_5\r\nhello\r\n",
        "space before the size": b" 5\r\nhello\r\n",
        "space after the size": b"5 \r\nhello\r\n",
        "tab after the size": b"5\t\r\nhello\r\n",
        "not a digit": b"g\r\nhello\r\n",
        "comma": b"5,\r\nhello\r\n",
        "more than 64 bits": b"10000000000000005\r\nhello\r\n",
        "bare LF after the size": b"5\nhello\r\n",
        "bare CR after the size": b"5\rhello\r\n",
        "bare LF after the chunk": b"5\r\nhello\n0\r\n\r\n",
        "chunk longer than its size": b"5\r\nhelloX\r\n0\r\n\r\n",
        "chunk shorter than its size": b"5\r\nhell\r\n0\r\n\r\n",
        "bare LF in an extension": b"5;a\nb\r\nhello\r\n",
        "bare CR in an extension": b"5;a\rb\r\nhello\r\n",
        "NUL in an extension": b"5;a\x00\r\nhello\r\n",
        "bare LF after the last chunk": b"5\r\nhello\r\n0\n\r\n",
        "obs-fold in a trailer": b"5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n",
        "no colon in a trailer": b"5\r\nhello\r\n0\r\nX\r\n\r\n",
        "bare LF in a trailer": b"5\r\nhello\r\n0\r\nX: a\nY: b\r\n\r\n",
        "NUL in a trailer": b"5\r\nhello\r\n0\r\nX: \x00\r\n\r\n",
        "space before the colon of a trailer": b"5\r\nhello\r\n0\r\nX : a\r\n\r\n",
    }
    for name, body in bad.items():
        yield Vector(f"chunk: {name}", section, chunked(body + SMUGGLED), refusal=400)
    framing = HOST + b"Transfer-Encoding: chunked\r\n"
    yield Vector(
        "a body of HEAD that is none: a refusal without content",
        "RFC 9110, section 9.3.2",
        head(b"HEAD / HTTP/1.1", framing) + b"zz\r\n",
        refusal=400,
    )


def connections() -> Iterator[Vector]:
    section = "RFC 9112, section 9.3"
    second = head(b"GET /second HTTP/1.1")
    yield Vector("pipelined", section, head() + second, (get(), get(b"/second")))
    yield Vector(
        "a hundred pipelined",
        section,
        b"".join(head(b"GET /%d HTTP/1.1" % number) for number in range(100)),
        tuple(get(b"/%d" % number) for number in range(100)),
    )
    for value in (b"close", b"Close", b"keep-alive, close", b"x , close"):
        yield Vector(
            f"Connection: {value.decode()}",
            section,
            head(fields=HOST + b"Connection: " + value + b"\r\n") + second,
            (get(),),
        )
    yield Vector("HTTP/1.0", section, head(b"GET / HTTP/1.0") + second, (get(),))
    kept = head(b"GET / HTTP/1.0", HOST + b"Connection: keep-alive\r\n")
    yield Vector("HTTP/1.0 that asks to be kept", section, kept + second, (get(),))
    yield Vector(
        "a good request before a bad one",
        "RFC 9112, section 9.3.2",
        head() + head(b"GET / HTTP/9.9") + second,
        (get(),),
        refusal=400,
    )
    yield Vector(
        "HEAD before GET",
        "RFC 9110, section 9.3.2",
        head(b"HEAD / HTTP/1.1") + second,
        (get(method="HEAD"), get(b"/second")),
    )
    upgrade = HOST + b"Connection: Upgrade\r\nUpgrade: %s\r\n"
    for protocol in (b"h2c", b"TLS/1.0", b"foo/2"):
        yield Vector(
            f"Upgrade: {protocol.decode()} with a body",
            "RFC 9110, section 7.8",
            head(b"POST / HTTP/1.1", upgrade % protocol + b"Content-Length: 5\r\n") + b"hello" + second,
            (post(b"hello"), get(b"/second")),
        )
        yield Vector(
            f"Upgrade: {protocol.decode()} with chunks",
            "RFC 9110, section 7.8",
            head(b"POST / HTTP/1.1", upgrade % protocol + b"Transfer-Encoding: chunked\r\n")
            + b"5\r\nhello\r\n0\r\n\r\n"
            + second,
            (post(b"hello"), get(b"/second")),
        )
    yield Vector(
        "Upgrade without Connection",
        "RFC 9110, section 7.8",
        head(fields=HOST + b"Upgrade: websocket\r\n") + second,
        (get(), get(b"/second")),
    )


VECTORS: tuple[Vector, ...] = (
    *request_lines(),
    *fields(),
    *hosts(),
    *lengths(),
    *codings(),
    *chunks(),
    *connections(),
)
