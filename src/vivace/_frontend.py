"""Built single-page apps beside an API: which frontend a request belongs to, which of its files answers.

Four steps, each its own section below:

1. *paths* say where a frontend lives, and that the deepest one wins;
2. *files* turn a path below it into a file, a directory's index, a fallback page or a 404;
3. *routes* put both behind Starlette's `matches()` and `handle()`, once per inclusion of a router;
4. *choosing* picks one low-priority route out of the whole tree.

A frontend is a low-priority route: the router asks here only when no other route of the whole tree wants the
request, so `app.frontend("/")` never hides an API. Dependencies guard files too, but this module does not
know what a dependency is: whoever includes a frontend hands over a `DependencySolver`, and the answer is sent
while that is open.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from email.message import Message
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, TypeVar

from anyio.to_thread import run_sync
from starlette.background import BackgroundTasks
from starlette.datastructures import URL, Headers, URLPath
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

from vivace._scope import update_scope as update_scope
from vivace._starlette import get_route_path
from vivace.types import FrontendFallback

if TYPE_CHECKING:
    from vivace.params import Depends

FASTAPI_SCOPE_KEY: Final = "fastapi"
"""The scope key for what routing found out; packages written for FastAPI know it by this name."""
FRONTEND_PATH_KEY: Final = "frontend_path"
FRONTEND_SPECIFICITY_KEY: Final = "frontend_specificity"

ENVIRONMENT_VARIABLE: Final = "FASTAPI_ENV"
"""`development` here lets a frontend be declared before it is built (`check_dir="auto"`)."""

Directory = str | os.PathLike[str]

READ_METHODS: Final = frozenset({"GET", "HEAD"})
HTML_MEDIA_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})

# For each mode, the files to try for a path that has none of its own, and the status to send each with.
_FALLBACK_FILES: Final[dict[str | None, tuple[tuple[str, int], ...]]] = {
    "auto": (("404.html", 404), ("index.html", 200)),
    "index.html": (("index.html", 200),),
    "404.html": (("404.html", 404),),
    None: (),
}


# Paths ------------------------------------------------------------------------------------------------------


def normalize_frontend_path(path: str) -> str:
    """The path as given to `frontend()`, without slashes at its end.

    >>> normalize_frontend_path("/admin/"), normalize_frontend_path("/")
    ('/admin', '/')

    Raises AssertionError for a path that is empty or does not begin with a slash, as routers do for theirs.
    """
    if not path:
        raise AssertionError("A frontend path cannot be empty")
    if not path.startswith("/"):
        raise AssertionError("A frontend path must start with '/'")
    return path if path == "/" else path.rstrip("/")


def join_frontend_paths(prefix: str, path: str) -> str:
    """Where a frontend at `path` lives once its router is included under `prefix`.

    >>> join_frontend_paths("/site", "/admin"), join_frontend_paths("/site", "/")
    ('/site/admin', '/site')
    """
    return prefix if prefix and path == "/" else prefix + path


def frontend_path_specificity(path: str) -> int:
    """How deep a frontend lives: of two that match, the one with the longer path owns the request.

    >>> frontend_path_specificity("/admin") > frontend_path_specificity("/")
    True
    """
    return 0 if path == "/" else len(path)


def path_inside_frontend(mount_path: str, route_path: str) -> str | None:
    """The part of a request's path below a frontend, or None if it lies outside; whole segments only.

    >>> path_inside_frontend("/app", "/app/main.js"), path_inside_frontend("/app", "/app")
    ('main.js', '')
    >>> path_inside_frontend("/app", "/application") is None
    True
    """
    if mount_path == "/":
        return route_path.lstrip("/")
    if route_path == mount_path:
        return ""
    if route_path.startswith(mount_path + "/"):
        return route_path[len(mount_path) + 1 :]
    return None


# Files ------------------------------------------------------------------------------------------------------


def iter_accept_media_types(accept: str) -> Iterator[tuple[str, float]]:
    """Each media type of an Accept header with its weight (RFC 9110, section 12.5.1), in the order given.

    >>> list(iter_accept_media_types("text/html;q=0.8, */*"))
    [('text/html', 0.8), ('*/*', 1.0)]

    A weight that is not a number counts as 1. What is no media type comes back as `text/plain`, which is how
    the standard library reads a malformed Content-Type.
    """
    for item in accept.split(","):
        field = Message()
        field["content-type"] = item.strip()
        weight: Any = field.get_param("q", 1.0)
        try:
            yield field.get_content_type(), float(weight)
        except (TypeError, ValueError):
            yield field.get_content_type(), 1.0


def is_frontend_navigation_request(scope: Scope) -> bool:
    """Does the client ask for a page, so that the app shell may answer for any path?

    Browsers name HTML in Accept when they navigate, and do not for scripts, images or `fetch()`. Wildcards do
    not count: a missing script must be a 404, not a page.
    """
    accepted = iter_accept_media_types(Headers(scope=scope).get("accept", ""))
    return any(media_type in HTML_MEDIA_TYPES and weight > 0 for media_type, weight in accepted)


def resolve_frontend_check_dir(*, directory: Directory, check_dir: bool | Literal["auto"]) -> bool:
    """Decide whether a missing build is an error now.

    `"auto"` means yes, except in development, where the build often comes later: there a missing directory is
    only a UserWarning that points at the line of the user's `frontend()` call.
    """
    if check_dir != "auto":
        return bool(check_dir)
    if os.environ.get(ENVIRONMENT_VARIABLE) != "development":
        return True
    if not os.path.isdir(directory):
        warnings.warn(_missing_directory_message(directory), UserWarning, stacklevel=_user_stacklevel())
    return False


def _user_stacklevel() -> int:
    """The `stacklevel` with which a warning of the calling function names a line outside this package."""
    package = os.path.join(os.path.dirname(__file__), "")
    frame = sys._getframe(1)
    level = 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        frame = frame.f_back
        level += 1
    return level


def _missing_directory_message(directory: Directory) -> str:
    absolute = os.path.abspath(directory)
    return f"Frontend directory '{directory}' does not exist. Resolved absolute path: '{absolute}'"


SMALL_FILE_BYTES: Final = 64 * 1024
"""Up to this size a file is read where it is looked up: the chunk in which Starlette sends larger ones."""


class SmallFileResponse(FileResponse):
    """A file response that may already hold the file's content, and then sends it as it is.

    PERF: most of a frontend's files are small, and to open, read and close one from the event loop takes
    three trips to a worker thread. `load()` is called in the thread that looked the file up anyway.
    """

    content: bytes | None = None

    def load(self, scope: Scope) -> None:
        """Read the file, if it is small and its plain bytes are the answer. Blocks: for worker threads."""
        size = self.stat_result.st_size if self.stat_result is not None else None
        if size is None or size > SMALL_FILE_BYTES or not _wants_whole_file(scope):
            return
        with open(self.path, "rb") as file:
            content = file.read(size + 1)
        # A file that changed since it was looked up no longer fits the headers made then.
        self.content = content if len(content) == size else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.content is None:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.content, "more_body": False})
        if self.background is not None:
            await self.background()


def _wants_whole_file(scope: Scope) -> bool:
    """Is the answer the file's bytes: no HEAD, no range, and no server that sends files from their path?"""
    return (
        scope["method"] == "GET"
        and "http.response.pathsend" not in scope.get("extensions", {})
        and "range" not in Headers(scope=scope)
    )


class FrontendStaticFiles(StaticFiles):
    """Static files with the manners of a single-page app: indexes for directories, fallbacks for its routes.

    Starlette's `StaticFiles` gives the safe lookup (nothing outside the directory, by `..` or by symlink),
    ETag, Last-Modified, 304 and ranges. `fallback` says what answers a path without a file:

    - `"404.html"`: that page, with status 404, for every request;
    - `"index.html"`: the app shell, with status 200, for navigation (see `is_frontend_navigation_request`);
    - `"auto"`: `404.html` if there is one, else as `"index.html"` if there is one;
    - None: nothing, so a plain 404.

    Raises RuntimeError if `check_dir` is set and the directory, or a fallback file asked for by name, is
    missing; without `check_dir` the first request that needs it raises.
    """

    def __init__(self, *, directory: Directory, fallback: FrontendFallback | None, check_dir: bool) -> None:
        if fallback not in _FALLBACK_FILES:
            raise AssertionError("fallback must be 'auto', 'index.html', '404.html', or None")
        if check_dir and not os.path.isdir(directory):
            raise RuntimeError(_missing_directory_message(directory))
        super().__init__(directory=directory, html=True, check_dir=False)
        self.fallback = fallback
        named = fallback if fallback != "auto" else None
        if check_dir and named is not None and not os.path.isfile(os.path.join(directory, named)):
            raise self._missing_fallback_error(named)

    def get_path(self, scope: Scope) -> str:
        """The path below the frontend, as routing found it, in `lookup_path`'s form (`.` for the top)."""
        path: str = scope.get(FASTAPI_SCOPE_KEY, {}).get(FRONTEND_PATH_KEY, "")
        return os.path.normpath(os.path.join(*path.split("/")))

    async def get_response_for_scope(self, scope: Scope) -> Response:
        """The response for a request, not yet sent. Raises HTTPException 401, 404 or 405."""
        if not self.config_checked:
            await self.check_config()
            self.config_checked = True
        return await self.get_response(self.get_path(scope), scope)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The response for `path`. Methods other than GET and HEAD get 405 where a file is, 404 elsewhere."""
        # PERF: one trip to a worker thread per request. A fallback needs up to four lookups, and then a read.
        return await run_sync(self._respond, path, scope)

    # The rest blocks, and runs in a worker thread.

    def _respond(self, path: str, scope: Scope) -> Response:
        resource = self._find_resource(path)
        if scope["method"] not in READ_METHODS:
            raise HTTPException(status_code=404 if resource is None else 405)
        resource = resource or self._find_fallback(scope)
        if resource is None:
            raise HTTPException(status_code=404)
        if resource.is_directory_index and not scope["path"].endswith("/"):
            # Relative links in the index resolve against the directory only if its URL ends in a slash.
            url = URL(scope=scope)
            return RedirectResponse(url.replace(path=url.path + "/"))
        return self.file_response(resource.full_path, resource.stat_result, scope, resource.status_code)

    def file_response(
        self, full_path: Directory, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, or 304 if the client has it already."""
        response = SmallFileResponse(full_path, status_code=status_code, stat_result=stat_result)
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        response.load(scope)
        return response

    def _find_resource(self, path: str) -> _Resource | None:
        full_path, stat_result = self._lookup(path)
        if stat_result is not None and stat.S_ISDIR(stat_result.st_mode):
            index = self._find_file(os.path.join(path, "index.html"))
            return None if index is None else index._replace(is_directory_index=True)
        return _regular_file(full_path, stat_result)

    def _find_fallback(self, scope: Scope) -> _Resource | None:
        for name, status_code in _FALLBACK_FILES[self.fallback]:
            if name == "index.html" and not is_frontend_navigation_request(scope):
                continue
            file = self._find_file(name)
            if file is not None:
                return file._replace(status_code=status_code)
            if name == self.fallback:
                raise self._missing_fallback_error(name)
        return None

    def _find_file(self, path: str) -> _Resource | None:
        return _regular_file(*self._lookup(path))

    def _lookup(self, path: str) -> tuple[str, os.stat_result | None]:
        try:
            return self.lookup_path(path)
        except PermissionError:
            raise HTTPException(status_code=401) from None
        except ValueError:  # a null byte in the path, for example
            raise HTTPException(status_code=404) from None
        except OSError as exc:
            if exc.errno == errno.ENAMETOOLONG:
                raise HTTPException(status_code=404) from None
            raise

    def _missing_fallback_error(self, name: str) -> RuntimeError:
        absolute = os.path.abspath(self.all_directories[0])
        return RuntimeError(
            f"Frontend fallback file '{name}' does not exist in directory '{self.directory}'."
            f" Resolved absolute directory: '{absolute}'"
        )


class _Resource(NamedTuple):
    """A file that answers a request."""

    full_path: str
    stat_result: os.stat_result
    status_code: int = 200
    is_directory_index: bool = False


def _regular_file(full_path: str, stat_result: os.stat_result | None) -> _Resource | None:
    if stat_result is None or not stat.S_ISREG(stat_result.st_mode):
        return None
    return _Resource(full_path, stat_result)


# Routes -----------------------------------------------------------------------------------------------------


class SolvedFrontendDependencies(Protocol):
    """What solving the dependencies of a frontend leaves for its response."""

    @property
    def response(self) -> Response:
        """The response that dependencies may have written to; only its headers count."""
        ...

    @property
    def background_tasks(self) -> BackgroundTasks | None:
        """What to run once the file has been sent."""


DependencySolver = Callable[[Scope, Receive, Send], AbstractAsyncContextManager[SolvedFrontendDependencies]]
"""Solves dependencies on entry and runs their exit code on exit; the file is looked up and sent in between.

On entry it may raise HTTPException or RequestValidationError. A missing file is raised *inside*, where
dependencies with `yield` see it.
"""


class FrontendMatch(NamedTuple):
    """One frontend that wants a request."""

    route: FrontendRoute
    mount_path: str
    path: str  # below the mount path

    @property
    def specificity(self) -> int:
        return frontend_path_specificity(self.mount_path)

    @property
    def template(self) -> str:
        """The route as telemetry reports it: `/app/{path}`."""
        return self.mount_path.rstrip("/") + "/{path}"

    @property
    def child_scope(self) -> Scope:
        return {
            FASTAPI_SCOPE_KEY: {
                FRONTEND_PATH_KEY: self.path,
                FRONTEND_SPECIFICITY_KEY: self.specificity,
            }
        }


class FrontendRoute(BaseRoute):
    """One frontend at one path, without the prefixes it may be included under and without dependencies."""

    def __init__(
        self, path: str, *, directory: Directory, fallback: FrontendFallback | None = "auto", check_dir: bool
    ) -> None:
        self.path = path
        self.methods = set(READ_METHODS)
        self.app = FrontendStaticFiles(directory=directory, fallback=fallback, check_dir=check_dir)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self.matches_with_path(scope, self.path)

    def matches_with_path(self, scope: Scope, path: str) -> tuple[Match, Scope]:
        """As `matches`, for this frontend living at `path`."""
        return _as_match(scope, self.select(scope, path))

    def select(self, scope: Scope, mount_path: str) -> FrontendMatch | None:
        """This frontend as seen by a request, if it lived at `mount_path`."""
        if scope["type"] != "http":
            return None
        path = path_inside_frontend(mount_path, get_route_path(scope))
        return None if path is None else FrontendMatch(self, mount_path, path)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.app.get_response_for_scope(scope)
        await response(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Frontends have no names: always NoMatchFound, so that the router asks its next route."""
        raise NoMatchFound(name, path_params)


class FrontendRouteGroup(BaseRoute):
    """All frontends of one router: they share its dependencies, and the deepest that matches answers.

    `dependencies` are the router's own, as they were at its first frontend, and
    `dependency_overrides_provider` is whose overrides apply to them: an inclusion of the router builds its
    solver from both. `solve` solves them where the router itself is the app; None if it has none.
    """

    def __init__(
        self,
        *,
        dependencies: Sequence[Depends] = (),
        dependency_overrides_provider: Any = None,
        solve: DependencySolver | None = None,
    ) -> None:
        self.routes: list[FrontendRoute] = []
        self.dependencies = list(dependencies)
        self.dependency_overrides_provider = dependency_overrides_provider
        self.solve = solve

    def add_frontend_route(
        self, path: str, *, directory: Directory, fallback: FrontendFallback | None = "auto", check_dir: bool
    ) -> None:
        """Add one frontend at an already normalised path. Raises as `FrontendStaticFiles` does."""
        self.routes.append(FrontendRoute(path, directory=directory, fallback=fallback, check_dir=check_dir))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self.matches_with_prefix(scope, "")

    def matches_with_prefix(self, scope: Scope, prefix: str) -> tuple[Match, Scope]:
        """As `matches`, for the router included under `prefix`: taken literally, braces too."""
        return _as_match(scope, self.select(scope, prefix))

    def select(self, scope: Scope, prefix: str = "") -> FrontendMatch | None:
        """The deepest frontend that the request belongs to; of two at one path, the first declared."""
        candidates = (route.select(scope, join_frontend_paths(prefix, route.path)) for route in self.routes)
        matches = [match for match in candidates if match is not None]
        return max(matches, key=lambda match: match.specificity, default=None)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.handle_with_prefix(scope, receive, send, prefix="", solve=self.solve)

    async def handle_with_prefix(
        self, scope: Scope, receive: Receive, send: Send, *, prefix: str, solve: DependencySolver | None
    ) -> None:
        """Answer a request to the router included under `prefix`. Raises HTTPException 401, 404 or 405.

        Dependencies guard reading only: a method that no file answers is refused before they run.
        """
        match = self.select(scope, prefix)
        if match is None:
            raise HTTPException(status_code=404)
        update_scope(scope, match.child_scope)
        if solve is None or scope["method"] not in READ_METHODS:
            await match.route.handle(scope, receive, send)
            return
        async with solve(scope, receive, send) as solved:
            response = await match.route.app.get_response_for_scope(scope)
            response.raw_headers.extend(solved.response.raw_headers)
            response.background = response.background or solved.background_tasks
            await response(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Frontends have no names: always NoMatchFound, so that the router asks its next route."""
        raise NoMatchFound(name, path_params)


class IncludedFrontends(BaseRoute):
    """A router's frontends as one inclusion of it has them: below its prefixes, behind its dependencies."""

    def __init__(self, group: FrontendRouteGroup, *, prefix: str, solve: DependencySolver | None) -> None:
        self.group = group
        self.prefix = prefix
        self.solve = solve

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self.group.matches_with_prefix(scope, self.prefix)

    def select(self, scope: Scope) -> FrontendMatch | None:
        """The frontend of the group that the request belongs to, seen from here."""
        return self.group.select(scope, self.prefix)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.group.handle_with_prefix(scope, receive, send, prefix=self.prefix, solve=self.solve)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Frontends have no names: always NoMatchFound, so that the router asks its next route."""
        raise NoMatchFound(name, path_params)


def _as_match(scope: Scope, match: FrontendMatch | None) -> tuple[Match, Scope]:
    if match is None:
        return Match.NONE, {}
    return (Match.FULL if scope["method"] in READ_METHODS else Match.PARTIAL), match.child_scope


# Choosing between low-priority routes -----------------------------------------------------------------------


class _Matchable(Protocol):
    def matches(self, scope: Scope) -> tuple[Match, Scope]: ...


_Route = TypeVar("_Route", bound=_Matchable)


def match_low_priority(routes: Iterable[_Route], scope: Scope) -> tuple[Match, Scope, _Route | None]:
    """The low-priority route that gets a request which no other route wanted.

    The first full match wins, else the first partial one; only among frontends does the deeper replace the
    shallower, wherever in the tree of routers each was declared.
    """
    chosen: dict[Match, tuple[Scope, _Route]] = {}
    for route in routes:
        match, child_scope = route.matches(scope)
        if match is Match.NONE:
            continue
        if match not in chosen or frontend_match_is_more_specific(child_scope, chosen[match][0]):
            chosen[match] = (child_scope, route)
    for match in (Match.FULL, Match.PARTIAL):
        if match in chosen:
            return match, *chosen[match]
    return Match.NONE, {}, None


def frontend_match_is_more_specific(child_scope: Scope, previous_child_scope: Scope) -> bool:
    """Do both come from frontends, and the first from a deeper one?"""
    specificity = frontend_scope_specificity(child_scope)
    previous = frontend_scope_specificity(previous_child_scope)
    return specificity is not None and previous is not None and specificity > previous


def frontend_scope_specificity(scope: Scope) -> int | None:
    """How deep the frontend lives that a child scope comes from; None for other routes."""
    specificity = scope.get(FASTAPI_SCOPE_KEY, {}).get(FRONTEND_SPECIFICITY_KEY)
    return specificity if isinstance(specificity, int) else None
