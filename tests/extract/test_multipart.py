"""Multipart forms: what Starlette's own parser gives for the same bytes, in fewer trips to a thread."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartParser
from starlette.requests import Request

from reliability.serving import serving
from reliability.sockets import exchange, request
from vivace import APIRouter, FastAPI, File, Form
from vivace import UploadFile as VivaceUploadFile
from vivace._compile import multipart
from vivace._compile.forms_reading import read_form
from vivace._compile.multipart import read_multipart
from vivace.routing import APIRoute
from vivace.testclient import TestClient

LIMITS = {"max_files": 3, "max_fields": 3, "max_part_size": 40}


def request_of(pieces: Sequence[bytes], content_type: str, *, is_cut_off: bool = False) -> Request:
    """A request whose body arrives in these pieces."""
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        + [{"type": "http.disconnect"} if is_cut_off else {"type": "http.request"}]
    )

    async def receive() -> dict[str, Any]:
        return next(messages)

    headers = [(b"content-type", content_type.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def contents(form: FormData) -> list[Any]:
    """All there is to see of a form."""
    return [(name, _content(value)) for name, value in form.multi_items()]


def _content(value: UploadFile | str) -> Any:
    if isinstance(value, str):
        return value
    file: Any = value.file
    position = file.tell()
    return value.filename, value.size, value.headers.raw, position, file._rolled, file.read()


def outcome(form: Any) -> Any:
    """What a form comes to: its contents, or the error."""

    async def wait() -> Any:
        try:
            received = await form
        except Exception as exc:
            return type(exc), str(exc), getattr(exc, "message", None)
        try:
            return contents(received)
        finally:
            await received.close()

    return asyncio.run(wait())


async def by_starlette(request: Request, **limits: Any) -> FormData:
    return await MultiPartParser(request.headers, request.stream(), **limits).parse()


# --- the same form ----------------------------------------------------------------------------------------------------

DISPOSITION = b"Content-Disposition: form-data; name="

FRAGMENTS = [
    b"--B\r\n",
    b"\r\n--B\r\n",
    b"\r\n--B--\r\n",
    b"\r\n--B--",
    b"\r\n--B \t\r\n",
    b"\r\n--B",
    b"\r\n--",
    b"\r",
    b"\n",
    b"\r\n",
    b"-",
    b"B",
    DISPOSITION + b'"a"\r\n\r\n',
    DISPOSITION + b'"a"; filename="f"\r\n\r\n',
    DISPOSITION + b'"\xe4"; filename="\xf6.txt"\r\nContent-Type: text/plain\r\n\r\n',
    b"Content-Disposition: form-data\r\n\r\n",
    b"X: y\r\n",
    b"\r\n\r\n",
    b"x" * 50,
]
"""What goes into a body, in any order: mostly malformed ones."""

content = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=60), max_size=6).map(b"".join)
head = st.sampled_from([fragment for fragment in FRAGMENTS if fragment.startswith(DISPOSITION)])
forms = st.lists(st.tuples(head, content).map(b"".join), max_size=4).map(
    lambda parts: b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"
)
bodies = forms | content.map(lambda rest: b"--B\r\n" + rest) | content


@st.composite
def pieces(draw: st.DrawFn) -> list[bytes]:
    """A body, cut anywhere."""
    body = draw(bodies)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=30)))
    if draw(st.booleans()):
        cuts = list(range(len(body)))
    return [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes at which everything happens within a hundred bytes."""
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 30)
    monkeypatch.setattr(multipart, "PORTION", 60)
    monkeypatch.setattr(multipart, "PIECE_OVERHEAD", 2)


FILE = b"--B\r\n" + DISPOSITION + b'"a"; filename="f"\r\n\r\n'


# A file that has no end is left open by both parsers.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.usefixtures("small_files")
@settings(max_examples=600, deadline=None)
@given(pieces())
@example([FILE + b"x", b"y" * 50, b"z" * 50, b"\r", b"\n--B", b"--"])  # a boundary over three pieces
@example([FILE + b"x", b"\r\n--", b"BB", b"z" * 50, b"\r\n--B--"])  # no boundary, after all
@example([FILE + b"x", b"\r\n--B", b"\r", b"\r\n--B--"])
@example([FILE + b"x", b"\r\n--B", b"-", b"-", b"after the end"])
@example([FILE + b"x", b"y\r\n--", b"B--"])  # all but the last byte of the delimiter
@example([FILE + b"x" * 20, b"y" * 20 + b"\r\n" + FILE + b"z", b"z" * 9, b"\r\n--B--"])  # large, small
@example([FILE + b"x", b"y" * 50])  # no end
def test_the_form_is_the_one_that_starlette_reads(pieces: list[bytes]) -> None:
    content_type = "multipart/form-data; boundary=B"
    assert outcome(read_multipart(request_of(pieces, content_type), **LIMITS)) == outcome(
        by_starlette(request_of(pieces, content_type), **LIMITS)
    )


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'B' * 300}",
        "multipart/form-data; boundary=B; charset=latin-1",
        "multipart/form-data; boundary=B; charset=nonsense",
        'multipart/form-data; boundary="B"',
        "multipart/form-data; boundary=b",
        "multipart/form-data; boundary=\xe4",
    ],
)
@pytest.mark.usefixtures("small_files")
def test_the_boundary_is_the_one_that_starlette_reads(content_type: str) -> None:
    pieces = [FILE.replace(b'"a"', b'"\xe4"') + b"x", b"y" * 50, b"\r\n--B--"]
    assert outcome(read_multipart(request_of(pieces, content_type))) == outcome(
        by_starlette(request_of(pieces, content_type))
    )


# --- where it is kept -------------------------------------------------------------------------------------------------

MEGABYTE = 1024 * 1024
HEADERS = "multipart/form-data; boundary=B"


def file_part(name: str, content: bytes) -> bytes:
    return b"\r\n--B\r\n" + DISPOSITION + f'"{name}"; filename="{name}"\r\n\r\n'.encode() + content


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[Callable[..., Any]]:
    """The calls that go to a thread."""
    calls = []
    run_in_thread = multipart.run_in_thread

    def noted(call: Callable[..., Any], *args: Any) -> Any:
        calls.append(call)
        return run_in_thread(call, *args)

    monkeypatch.setattr(multipart, "run_in_thread", noted)
    return calls


def test_a_large_file_takes_a_trip_to_a_thread_for_each_megabyte(trips: list[Any]) -> None:
    body = file_part("large", b"x" * 4 * MEGABYTE) + b"\r\n--B--"
    (received,) = outcome(read_multipart(request_of(cut(body, 100_000), HEADERS)))
    assert received[1][5] == b"x" * 4 * MEGABYTE
    assert len(trips) <= 4


def test_small_files_stay_in_memory_and_take_none(trips: list[Any]) -> None:
    body = b"".join(file_part(f"{n}", b"x" * MEGABYTE) for n in range(4)) + b"\r\n--B--"
    received = outcome(read_multipart(request_of(cut(body, 100_000), HEADERS)))
    assert [(file[1], file[4]) for _, file in received] == [(MEGABYTE, False)] * 4
    assert not trips


def test_pieces_that_wait_to_be_written_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small they are: an object for each byte would be a hundred times the file."""
    written: list[int] = []
    write_pieces = multipart._write_pieces

    def noted(pieces: Any, large: Any) -> None:
        written.append(len(pieces))
        write_pieces(pieces, large)

    monkeypatch.setattr(multipart, "_write_pieces", noted)
    body = cut(file_part("slow", b""), 1000) + [b"x"] * 40_000 + [b"\r\n--B--"]
    ((_, received),) = outcome(read_multipart(request_of(body, HEADERS)))
    assert received[5] == b"x" * 40_000
    assert len(written) > 1 and max(written) <= multipart.PORTION // multipart.PIECE_OVERHEAD + 1


@pytest.mark.parametrize("ending", [b"\r\n--B\r\n: no name\r\n", None])
def test_files_of_a_form_that_fails_are_closed(ending: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[Any] = []
    monkeypatch.setattr(
        "starlette.formparsers.SpooledTemporaryFile",
        lambda **options: files.append(tempfile.SpooledTemporaryFile(**options)) or files[-1],  # noqa: SIM115
    )
    pieces = [file_part("small", b"x"), *cut(file_part("large", b"x" * 3 * MEGABYTE), 200_000)]
    broken = request_of([*pieces, ending or b""], HEADERS, is_cut_off=ending is None)
    error = outcome(read_multipart(broken))[0]
    assert error.__name__ == ("ClientDisconnect" if ending is None else "MultiPartException")
    assert [file.closed for file in files] == [True, True]


# --- as part of an application ----------------------------------------------------------------------------------------


def test_an_upload_over_a_connection() -> None:
    app = FastAPI()
    threads = []

    @app.post("/")
    def upload(file: VivaceUploadFile, note: Annotated[str, Form()]) -> dict[str, Any]:
        threads.append(threading.current_thread())
        assert isinstance(file.file, tempfile.SpooledTemporaryFile)
        return {
            "note": note,
            "size": file.size,
            "is_whole": file.file.read() == content,
            "type": type(file).__name__,
        }

    content = b"\r\n--A" * (MEGABYTE // 2)
    body = file_part("file", content) + b"\r\n--B\r\n" + DISPOSITION + b'"note"\r\n\r\nlamp\r\n--B--'
    with serving(app) as served:
        (answer,) = exchange(served.address, request("/", "POST", body, content_type=HEADERS))
    assert answer.status == 200
    assert answer.body == b'{"note":"lamp","size":%d,"is_whole":true,"type":"UploadFile"}' % len(content)


def test_an_application_says_what_is_wrong_with_a_form() -> None:
    app = FastAPI(form_limits={"max_files": 1})

    @app.post("/")
    async def upload(files: Annotated[list[VivaceUploadFile], File()]) -> int:
        return len(files)

    answer = TestClient(app).post("/", files=[("files", b"a"), ("files", b"b")])
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "Too many files. Maximum number of files is 1.",
    )


def test_a_form_is_read_once() -> None:
    """By whoever comes first: a route class that looks at it leaves the same object to the endpoint."""

    class Looking(APIRoute):
        def get_route_handler(self) -> Callable[..., Any]:
            handle = super().get_route_handler()

            async def look(request: Request) -> Any:
                form = await request.form()
                seen.append(form)
                response = await handle(request)
                seen.append(await request.form())
                return response

            return look

    seen: list[FormData] = []
    router = APIRouter(route_class=Looking)

    @router.post("/")
    async def upload(request: Request, file: VivaceUploadFile) -> bytes:
        seen.append(await request.form())
        return await file.read()

    app = FastAPI()
    app.include_router(router)
    assert TestClient(app).post("/", files={"file": b"abc"}).json() == "abc"
    assert len(seen) == 3 and all(form is seen[0] for form in seen)


def test_a_request_class_may_read_forms_itself() -> None:
    class Own(Request):
        def form(self, **limits: Any) -> Any:
            async def made_up() -> FormData:
                return FormData([("limit", str(limits["max_files"]))])

            return made_up()

    plain = request_of([file_part("file", b"x") + b"\r\n--B--"], HEADERS)
    own = Own(plain.scope, plain.receive)
    assert asyncio.run(read_form(own, {"max_files": 7})).multi_items() == [("limit", "7")]
