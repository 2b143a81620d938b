"""Which file answers a path below one frontend."""

import errno
import os
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Scope

from vivace._frontend import SMALL_FILE_BYTES, FrontendFallback, FrontendRoute, update_scope

from .conftest import Build, serve

PAGE = {"accept": "text/html"}
SITE = {"index.html": "home", "main.js": "js", "about/index.html": "about", "empty/readme.txt": "r"}


def client(directory: Path, fallback: FrontendFallback | None = "auto", check_dir: bool = True) -> TestClient:
    return serve(FrontendRoute("/app", directory=directory, fallback=fallback, check_dir=check_dir))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/app/", "home"),
        ("/app/index.html", "home"),
        ("/app/main.js", "js"),
        ("/app/main.js/", "js"),
        ("/app//main.js", "js"),
        ("/app/about/", "about"),
        ("/app/about/../main.js", "js"),
        ("/app/empty/readme.txt", "r"),
    ],
)
def test_a_file_or_a_directorys_index(build: Build, path: str, text: str) -> None:
    response = client(build("site", SITE)).get(path)
    assert (response.status_code, response.text) == (200, text)
    assert response.headers["content-length"] == str(len(text))
    assert {"etag", "last-modified", "content-type"} <= set(response.headers)


@pytest.mark.parametrize("path", ["/app", "/app/about", "/app/about?tab=1"])
def test_a_directory_redirects_to_its_slash(build: Build, path: str) -> None:
    response = client(build("site", SITE)).get(path)
    before, _, query = path.partition("?")
    assert response.status_code == 307
    assert response.headers["location"] == f"http://testserver{before}/" + (f"?{query}" if query else "")


# For each mode and content of the directory: what a page request and a script request for a missing file get.
FALLBACKS: list[tuple[FrontendFallback | None, dict[str, str], tuple[int, str], tuple[int, str]]] = [
    ("auto", {"index.html": "shell"}, (200, "shell"), (404, "Not Found")),
    ("auto", {"index.html": "shell", "404.html": "lost"}, (404, "lost"), (404, "lost")),
    ("auto", {"404.html": "lost"}, (404, "lost"), (404, "lost")),
    ("auto", {"main.js": "js"}, (404, "Not Found"), (404, "Not Found")),
    ("index.html", {"index.html": "shell", "404.html": "lost"}, (200, "shell"), (404, "Not Found")),
    ("404.html", {"index.html": "shell", "404.html": "lost"}, (404, "lost"), (404, "lost")),
    (None, {"index.html": "shell", "404.html": "lost"}, (404, "Not Found"), (404, "Not Found")),
]


@pytest.mark.parametrize(("fallback", "files", "page", "script"), FALLBACKS)
@pytest.mark.parametrize("path", ["/app/settings", "/app/users/jane.doe", "/app/deep/er/"])
def test_fallbacks(
    build: Build,
    fallback: FrontendFallback | None,
    files: dict[str, str],
    page: tuple[int, str],
    script: tuple[int, str],
    path: str,
) -> None:
    app = client(build("site", files), fallback)
    for accept, (status_code, text) in [("text/html", page), ("*/*", script)]:
        response = app.get(path, headers={"accept": accept})
        assert (response.status_code, response.text) == (status_code, text)
        head = app.head(path, headers={"accept": accept})
        assert (head.status_code, head.text) == (status_code, "")
    assert app.post(path, headers=PAGE).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    ("path", "status_code"),
    [("/app/", 405), ("/app/main.js", 405), ("/app/about", 405), ("/app/empty/", 404), ("/app/none", 404)],
)
def test_other_methods(build: Build, method: str, path: str, status_code: int) -> None:
    response = client(build("site", SITE)).request(method, path, headers=PAGE)
    assert response.status_code == status_code
    assert "allow" not in response.headers


def test_head_has_the_headers_and_no_body(build: Build) -> None:
    app = client(build("site", SITE))
    assert app.head("/app/main.js").headers == app.get("/app/main.js").headers
    assert app.head("/app/main.js").content == b""


def test_conditional_requests_and_ranges(build: Build) -> None:
    app = client(build("site", {"index.html": "0123456789"}))
    etag = app.get("/app/").headers["etag"]
    assert app.get("/app/", headers={"if-none-match": etag}).status_code == 304
    assert app.get("/app/route", headers={**PAGE, "if-none-match": etag}).status_code == 304
    part = app.get("/app/", headers={"range": "bytes=2-4"})
    assert (part.status_code, part.text, part.headers["content-range"]) == (206, "234", "bytes 2-4/10")
    assert app.get("/app/", headers={"range": "bytes=99-"}).status_code == 416


@pytest.mark.parametrize("size", [0, 1, SMALL_FILE_BYTES, SMALL_FILE_BYTES + 1, 3 * SMALL_FILE_BYTES + 7])
def test_sizes(build: Build, size: int) -> None:
    app = client(build("site", {"file.bin": "x" * size}))
    response = app.get("/app/file.bin")
    assert response.content == b"x" * size
    assert response.headers["content-length"] == str(size)


def test_a_file_changed_after_its_lookup_is_not_sent_with_wrong_headers(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = build("site", {"file.txt": "short"})
    route = FrontendRoute("/app", directory=directory, check_dir=True)
    before = route.app.lookup_path("file.txt")
    (directory / "file.txt").write_text("much longer than before")
    monkeypatch.setattr(route.app, "lookup_path", lambda path: before)
    # The content read early does not fit its headers, so the file is read again when it is sent.
    assert serve(route).get("/app/file.txt").text == "much longer than before"


def messages(directory: Path, **scope: Any) -> list[Message]:
    """What the frontend at `/` sends for `/main.js`, as the server sees it."""
    route = FrontendRoute("/", directory=directory, check_dir=True)
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("a file needs nothing from the client")

    async def send(message: Message) -> None:
        sent.append(message)

    async def ask() -> None:
        asked: Scope = {"type": "http", "method": "GET", "path": "/main.js", "headers": [], **scope}
        update_scope(asked, route.matches(asked)[1])
        await route.handle(asked, receive, send)

    anyio.run(ask)
    return sent


def test_a_small_file_is_two_messages(build: Build) -> None:
    start, body = messages(build("site", SITE))
    assert (start["type"], start["status"]) == ("http.response.start", 200)
    assert body == {"type": "http.response.body", "body": b"js", "more_body": False}


def test_head_sends_no_body_even_to_a_server_that_would_not_drop_it(build: Build) -> None:
    assert messages(build("site", SITE), method="HEAD")[1]["body"] == b""


def test_a_server_that_sends_files_itself_gets_the_path(build: Build) -> None:
    directory = build("site", SITE)
    sent = messages(directory, extensions={"http.response.pathsend": {}})
    assert sent[1] == {"type": "http.response.pathsend", "path": str(directory / "main.js")}


@pytest.mark.parametrize("fallback", ["auto", "index.html"])
@pytest.mark.parametrize(
    "path",
    [
        "/app/../secret.txt",
        "/app/%2e%2e/secret.txt",
        "/app/..%2fsecret.txt",
        "/app/about/%2e%2e/%2e%2e/secret.txt",
        "/app/..%5csecret.txt",
        "/app/%5c..%5csecret.txt",
        "/app/%2fetc/passwd",
        "/app//etc/passwd",
        "/app/link.txt",
        "/app/links/secret.txt",
    ],
)
def test_nothing_outside_the_directory_is_served(build: Build, fallback: FrontendFallback, path: str) -> None:
    directory = build("site", SITE)
    (directory.parent / "secret.txt").write_text("secret")
    os.symlink(directory.parent / "secret.txt", directory / "link.txt")
    os.symlink(directory.parent, directory / "links")
    app = client(directory, fallback)
    assert app.get(path).status_code == 404
    assert app.get(path, headers=PAGE).text in ("home", "Not Found")
    assert app.post(path).status_code == 404


def test_what_is_no_regular_file_is_missing(build: Build) -> None:
    directory = build("site", SITE)
    os.mkfifo(directory / "pipe")
    app = client(directory)
    assert app.post("/app/pipe").status_code == 404
    assert app.get("/app/pipe").status_code == 404


def test_a_link_inside_the_directory_is_followed(build: Build) -> None:
    directory = build("site", SITE)
    os.symlink("main.js", directory / "alias.js")
    assert client(directory).get("/app/alias.js").text == "js"


@pytest.mark.parametrize("path", ["/app/main.js%00", "/app/" + "x" * 300])
def test_impossible_names_are_missing_even_with_a_fallback(build: Build, path: str) -> None:
    assert client(build("site", SITE), "index.html").get(path, headers=PAGE).status_code == 404


@pytest.mark.parametrize(
    ("error", "status_code"),
    [
        (PermissionError(), 401),
        (ValueError(), 404),
        (OSError(errno.ENAMETOOLONG, "name too long"), 404),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_lookup_errors(
    build: Build, monkeypatch: pytest.MonkeyPatch, method: str, error: Exception, status_code: int
) -> None:
    route = FrontendRoute("/app", directory=build("site", SITE), check_dir=True)

    def fail(path: str) -> Any:
        raise error

    monkeypatch.setattr(route.app, "lookup_path", fail)
    assert serve(route).request(method, "/app/main.js").status_code == status_code


def test_other_lookup_errors_are_the_servers(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    route = FrontendRoute("/app", directory=build("site", SITE), check_dir=True)

    def fail(path: str) -> Any:
        raise OSError(errno.EIO, "disk on fire")

    monkeypatch.setattr(route.app, "lookup_path", fail)
    with pytest.raises(OSError, match="disk on fire"):
        serve(route).get("/app/main.js")


def test_one_trip_to_a_thread_per_request(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    route = FrontendRoute("/app", directory=build("site", SITE), check_dir=True)
    app = serve(route)
    app.get("/app/")  # the first request also checks the directory
    trips = 0
    run_sync = anyio.to_thread.run_sync

    async def count(*args: Any) -> Any:
        nonlocal trips
        trips += 1
        return await run_sync(*args)

    monkeypatch.setattr("vivace._frontend.run_sync", count)
    monkeypatch.setattr("anyio.to_thread.run_sync", count)
    assert app.get("/app/client/route", headers=PAGE).text == "home"
    assert trips == 1
