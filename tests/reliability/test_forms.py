"""Forms: every limit holds, for urlencoded ones too; no trick of the header names another file; nothing is quadratic.

Starlette and python-multipart do the work. The lower bounds in pyproject.toml are the releases from which all of this
holds; the tests stay, because a later release could lose it.
"""

from __future__ import annotations

import logging
import threading
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any

import pytest

from reliability.sockets import exchange, request
from vivace import FastAPI, File, Form, Request, UploadFile

from .conftest import Serve

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=B"
PART_LIMIT = 1024 * 1024  # bytes, Starlette's default
COUNT_LIMIT = 1000  # fields, and files


def make_app(**options: Any) -> FastAPI:
    app = FastAPI(**options)

    @app.post("/declared")
    async def declared(
        name: Annotated[str | None, Form()] = None, file: Annotated[UploadFile | None, File()] = None
    ) -> Any:
        return {"name": name, "file": file and file.filename}

    @app.post("/read")
    async def read(request: Request) -> Any:
        async with request.form() as form:
            return [
                [key, value if isinstance(value, str) else value.filename]
                for key, value in form.multi_items()
            ]

    @app.get("/loop")
    async def loop() -> Any:
        return threading.get_ident()

    return app


def multipart(*parts: bytes, end: bytes = b"--B--\r\n") -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + end


def part(disposition: bytes, content: bytes = b"x", fields: bytes = b"") -> bytes:
    return b"Content-Disposition: form-data; " + disposition + b"\r\n" + fields + b"\r\n" + content


TOO_MUCH = {
    "parts": (MULTIPART, multipart(*[part(b'name="a"')] * (COUNT_LIMIT + 1))),
    "files": (MULTIPART, multipart(*[part(b'name="a"; filename="f"')] * (COUNT_LIMIT + 1))),
    "part": (MULTIPART, multipart(part(b'name="a"', b"x" * (PART_LIMIT + 1)))),
    "part header": (MULTIPART, multipart(part(b'name="a"', fields=b"X: " + b"x" * 100_000 + b"\r\n"))),
    "part header name": (MULTIPART, multipart(part(b'name="a"', fields=b"x" * 100_000 + b": a\r\n"))),
    "part headers": (MULTIPART, multipart(part(b'name="a"', fields=b"X: x\r\n" * 10_000))),
    "boundary": (f"multipart/form-data; boundary={'B' * 2000}", b"--" + b"B" * 2000 + b"--\r\n"),
    "urlencoded fields": (URLENCODED, b"&".join([b"a=b"] * (COUNT_LIMIT + 1))),
    "urlencoded value": (URLENCODED, b"a=" + b"x" * (PART_LIMIT + 1)),
    "urlencoded name": (URLENCODED, b"x" * (PART_LIMIT + 1) + b"=a"),
}
"""CVE-2023-30798, CVE-2024-47874, CVE-2026-42561, CVE-2026-54283."""


@pytest.mark.parametrize("path", ["/declared", "/read"])
@pytest.mark.parametrize("what", TOO_MUCH)
def test_too_much_is_refused(serve: Serve, what: str, path: str) -> None:
    content_type, body = TOO_MUCH[what]
    (answer,) = exchange(serve(make_app()).address, request(path, "POST", body, content_type=content_type))
    assert answer.status == 400, answer.body[:200]


ENOUGH = {
    "parts": (MULTIPART, multipart(*[part(b'name="a"')] * COUNT_LIMIT)),
    "part": (MULTIPART, multipart(part(b'name="a"', b"x" * PART_LIMIT))),
    "urlencoded fields": (URLENCODED, b"&".join([b"a=b"] * COUNT_LIMIT)),
    "urlencoded value": (URLENCODED, b"a=" + b"x" * (PART_LIMIT - 1)),
}


@pytest.mark.parametrize("what", ENOUGH)
def test_as_much_as_the_limits_allow_is_read(serve: Serve, what: str) -> None:
    content_type, body = ENOUGH[what]
    (answer,) = exchange(serve(make_app()).address, request("/read", "POST", body, content_type=content_type))
    assert answer.status == 200, answer.body[:200]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (MULTIPART, multipart(part(b'name="a"'), part(b'name="b"'), part(b'name="name"'))),
        (URLENCODED, b"a=1&b=2&name=3"),
        (MULTIPART, multipart(part(b'name="name"', b"12345678901"))),
        (URLENCODED, b"name=12345678901"),
    ],
)
def test_limits_of_the_application_hold_for_both_kinds(serve: Serve, content_type: str, body: bytes) -> None:
    app = make_app(form_limits={"max_fields": 2, "max_part_size": 10})
    (answer,) = exchange(serve(app).address, request("/declared", "POST", body, content_type=content_type))
    assert answer.status == 400, answer.body


@pytest.mark.parametrize(
    "disposition",
    [
        b'name="file"; filename="good.txt"; filename*=UTF-8\'\'evil.sh',
        b'name="file"; filename*=UTF-8\'\'evil.sh; filename="good.txt"',
        b'name="file"; name*=UTF-8\'\'name; filename="good.txt"',
    ],
)
def test_extended_parameters_do_not_override(serve: Serve, disposition: bytes) -> None:
    """CVE-2026-53537: RFC 7578, section 4.2 forbids `filename*`; a proxy that ignores it must not be fooled."""
    data = request("/declared", "POST", multipart(part(disposition)), content_type=MULTIPART)
    (answer,) = exchange(serve(make_app()).address, data)
    assert answer.body == b'{"name":null,"file":"good.txt"}'


def test_a_semicolon_separates_nothing(serve: Serve) -> None:
    """CVE-2026-53538: WHATWG URL, section 5.1 knows `&` alone."""
    data = request("/read", "POST", b"name=a;role=admin&b=c", content_type=URLENCODED)
    (answer,) = exchange(serve(make_app()).address, data)
    assert answer.body == b'[["name","a;role=admin"],["b","c"]]'


def test_a_negative_length_is_refused(serve: Serve) -> None:
    """CVE-2026-53540."""
    head = "POST /read HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=B\r\n"
    data = f"{head}Content-Length: -1\r\n\r\n".encode()
    (answer,) = exchange(serve(make_app()).address, data)
    assert answer.status == 400


SLOW_ONCE = {
    # CVE-2024-24762: an option that does not end, with a backslash before each character.
    "content type": (f'{URLENCODED}; !="{chr(92) * 60_000}', b"a=b"),
    "content type of multipart": (f'multipart/form-data; !="{chr(92) * 60_000}"; boundary=B', multipart()),
    # CVE-2026-53539: separators that are searched for again and again.
    "semicolons": (URLENCODED, b"a=" + b";" * (PART_LIMIT - 2)),
    "ampersands": (URLENCODED, b"&" * 1_000_000),
    # CVE-2024-53981 and CVE-2026-40347: data before the first boundary and after the last.
    "epilogue": (MULTIPART, multipart(part(b'name="a"')) + b"\r\n" * 2_000_000),
    "preamble": (MULTIPART, b"\r\n" * 2_000_000 + multipart(part(b'name="a"'))),
    "almost boundaries": (MULTIPART, multipart(part(b'name="a"; filename="f"', b"\r\n--" * 500_000))),
}


@pytest.mark.timeout(20)  # what takes linear time takes well under a second; what does not, minutes and more
@pytest.mark.parametrize("what", SLOW_ONCE)
def test_long_inputs_take_linear_time(serve: Serve, what: str, caplog: pytest.LogCaptureFixture) -> None:
    content_type, body = SLOW_ONCE[what]
    (answer,) = exchange(
        serve(make_app()).address, request("/read", "POST", body, content_type=content_type), limit=15
    )
    assert answer.status in (200, 400), answer.body[:200]
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) <= 1


def test_a_large_file_is_written_to_disk_outside_of_the_event_loop(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2025-54121: rolling a file over to disk stops every other request if the event loop does it."""
    threads: list[int] = []
    rollover = SpooledTemporaryFile.rollover

    def noted(self: SpooledTemporaryFile[bytes]) -> None:
        threads.append(threading.get_ident())
        rollover(self)

    monkeypatch.setattr(SpooledTemporaryFile, "rollover", noted)
    address = serve(make_app()).address
    (loop,) = exchange(address, request("/loop"))
    body = multipart(part(b'name="file"; filename="f"', b"x" * 3 * PART_LIMIT))
    (answer,) = exchange(address, request("/declared", "POST", body, content_type=MULTIPART))
    assert answer.status == 200
    assert threads and int(loop.body) not in threads


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\x80"],
)
@pytest.mark.parametrize("path", ["/declared", "/read"])
def test_multipart_without_a_usable_boundary_is_an_error_of_the_client(
    serve: Serve, content_type: str, path: str
) -> None:
    (answer,) = exchange(
        serve(make_app()).address, request(path, "POST", multipart(), content_type=content_type)
    )
    assert answer.status in (400, 422)


BROKEN = (b"--B\r\n", b"--B\r\nX\r\n\r\n", b"--B\r\n\r\nx\r\n--B--", b"nonsense", b"--B\r\n\x00: a\r\n")


@pytest.mark.parametrize("body", BROKEN)
@pytest.mark.parametrize("path", ["/declared", "/read"])
def test_broken_multipart_is_an_error_of_the_client(serve: Serve, body: bytes, path: str) -> None:
    (answer,) = exchange(serve(make_app()).address, request(path, "POST", body, content_type=MULTIPART))
    assert answer.status in (200, 400, 422)


def test_a_path_in_a_file_name_stays_a_name(serve: Serve) -> None:
    """CVE-2026-24486: whatever the name says, nothing is written where it points."""
    body = multipart(part(b'name="file"; filename="../../etc/passwd"'))
    (answer,) = exchange(
        serve(make_app()).address, request("/declared", "POST", body, content_type=MULTIPART)
    )
    assert answer.status == 200
    assert b"passwd" in answer.body
