"""How parameters are declared: `Path()`, `Query()`, … `Depends()`, `Security()`.

Each makes the value of the same name in `params`. They are functions that answer `Any`, rather than the
classes themselves, so that type checkers accept `q: str = Query()`. The options are described in
`params.FieldOptions`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic_core import PydanticUndefined as Undefined
from typing_extensions import Unpack

from vivace import params
from vivace.params import FieldOptions, HeaderOptions, declares


@declares(FieldOptions)
def Path(default: Any = ..., **options: Unpack[FieldOptions]) -> Any:
    """A part of the URL's path.

    It takes no default, because the path would not match without it.

        @app.get("/items/{item_id}")
        async def read_item(item_id: Annotated[int, Path(ge=1)]): ...
    """
    return params.Path(default, **options)


@declares(FieldOptions)
def Query(default: Any = Undefined, **options: Unpack[FieldOptions]) -> Any:
    """A value of the query string.

    A list takes every value of that name, and a model takes all names.

        @app.get("/items")
        async def search(q: Annotated[str | None, Query(max_length=50)] = None): ...
    """
    return params.Query(default, **options)


@declares(HeaderOptions)
def Header(default: Any = Undefined, **options: Unpack[HeaderOptions]) -> Any:
    """A header of the request.

    Underscores of the Python name stand for hyphens, unless `convert_underscores` is false.

        @app.get("/items")
        async def read(user_agent: Annotated[str | None, Header()] = None): ...
    """
    return params.Header(default, **options)


@declares(FieldOptions)
def Cookie(default: Any = Undefined, **options: Unpack[FieldOptions]) -> Any:
    """A cookie of the request.

    A model takes several cookies at once.

        @app.get("/items")
        async def read(session: Annotated[str | None, Cookie()] = None): ...
    """
    return params.Cookie(default, **options)


@declares(FieldOptions)
def Body(
    default: Any = Undefined,
    *,
    embed: bool | None = None,
    media_type: str = "application/json",
    **options: Unpack[FieldOptions],
) -> Any:
    """The request's body, or one key of it.

    It is one key of an object as soon as there are several body parameters, or with `embed=True`.

        @app.put("/items/{item_id}")
        async def update(item_id: int, item: Item, importance: Annotated[int, Body(gt=0)]): ...
        # {"item": {...}, "importance": 5}
    """
    return params.Body(default, embed=embed, media_type=media_type, **options)


@declares(FieldOptions)
def Form(
    default: Any = Undefined,
    *,
    media_type: str = "application/x-www-form-urlencoded",
    **options: Unpack[FieldOptions],
) -> Any:
    """A field of a form, urlencoded or multipart.

    A model takes all fields at once. Needs `python-multipart`.

        @app.post("/login")
        async def login(username: Annotated[str, Form()], password: Annotated[str, Form()]): ...
    """
    return params.Form(default, media_type=media_type, **options)


@declares(FieldOptions)
def File(
    default: Any = Undefined,
    *,
    media_type: str = "multipart/form-data",
    **options: Unpack[FieldOptions],
) -> Any:
    """A file of a multipart form.

    `bytes` reads it into memory; `UploadFile` leaves a large one on disk. Needs `python-multipart`.

        @app.post("/avatars")
        async def upload(avatar: Annotated[UploadFile, File(description="PNG or JPEG")]): ...
    """
    return params.File(default, media_type=media_type, **options)


def Depends(
    dependency: Callable[..., Any] | None = None,
    *,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    max_concurrency: int | None = None,
    inline: bool = False,
) -> Any:
    """A callable whose result is the value; its own parameters are declared as an endpoint's are.

        async def get_db():
            async with Session() as session:
                yield session

        @app.get("/items")
        async def read(db: Annotated[Session, Depends(get_db)]): ...

    - `dependency`: the callable; left out, the parameter's type is called.
    - `use_cache`: within a request, call it once and share the value.
    - `scope`: when the code after `yield` runs: before the response is sent (`"function"`), or after
      (`"request"`, the default).
    - `max_concurrency`: how many may be between call and exit at once, per event loop, over all that use this
      declaration; others wait before they enter. A positive integer, or ValueError.
    - `inline`: call a `def` dependency on the event loop rather than in a worker thread. For functions that do
      next to nothing: while one runs, no other request does. FastAPI has no such parameter.
    """
    return params.Depends(
        dependency=dependency,
        use_cache=use_cache,
        scope=scope,
        max_concurrency=max_concurrency,
        inline=inline,
    )


def Security(
    dependency: Callable[..., Any] | None = None,
    *,
    scopes: Sequence[str] | None = None,
    use_cache: bool = True,
    inline: bool = False,
) -> Any:
    """`Depends`, with OAuth scopes that the dependency must find granted and that the document lists.

        @app.get("/items")
        async def read(user: Annotated[User, Security(current_user, scopes=["items:read"])]): ...

    The dependency, or one below it, learns the scopes of all that need it through a `SecurityScopes`
    parameter.
    """
    return params.Security(dependency=dependency, scopes=scopes, use_cache=use_cache, inline=inline)
