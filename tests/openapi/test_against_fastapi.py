"""The whole document, byte for byte as FastAPI writes it: titles, names of definitions and the order of keys."""

import dataclasses
import enum
from collections.abc import Iterator
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from pydantic import (
    AliasChoices,
    AnyUrl,
    BaseModel,
    Field,
    Json,
    RootModel,
    WithJsonSchema,
    computed_field,
    create_model,
)

from tests.differential.oracle import Build, compare_openapi

T = TypeVar("T")


class Color(enum.Enum):
    red = "red"
    blue = "blue"


class Part(BaseModel):
    """A part.\f
    Not for all."""

    name: str = Field("x", max_length=3, examples=["a", None])
    color: Color = Color.red


class Square(BaseModel):
    side: float

    @computed_field
    @property
    def area(self) -> float:
        return self.side**2


class Page(BaseModel, Generic[T]):
    items: list[T]
    next: "Page[T] | None" = None


class Aliased(BaseModel, extra="forbid"):
    a: int = Field(validation_alias="in", serialization_alias="out")
    b: bytes = b"x"
    c: AnyUrl | None = None
    d: Literal["a", 1, None] = "a"
    e: Any = Field(None, json_schema_extra={"x-e": {"f": None}})


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


@dataclasses.dataclass
class Shelf:
    parts: list[Part]


class Filters(BaseModel):
    sort_by: str = "name"
    since: int | None = Field(None, alias="Since", description="From")
    tags: list[str] = []
    size: int = Field(3, validation_alias=AliasChoices("size", "s"))


class Profile(BaseModel):
    name: str
    nick: str = Field(validation_alias=AliasChoices("nick", "n"))


Twin = create_model("Part", __module__="elsewhere", twin=(int, ...))
Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


def models(fw: Any) -> Any:
    app = fw.FastAPI(
        title="Models",
        version="2",
        contact={"x-a": 1, "name": "me"},
        servers=[{"url": "/v2"}],
        openapi_tags=[{"name": "a"}],
    )
    kinds: list[Any] = [
        Part, Square, list[Square], Page[Part], Page[Square], Aliased, Pet, Shelf, Twin, RootModel[list[int]],
        Json[Part], dict[str, Part | None], tuple[int, Part], set[Color], Part | int | None, bytes, Any, None,
        Annotated[Part, WithJsonSchema({"type": "object"})],
    ]  # fmt: skip
    for number, kind in enumerate(kinds):

        def echo(value: kind) -> kind: ...

        def give() -> kind: ...

        app.post(f"/echo/{number}", tags=["a", Color.red])(echo)
        app.get(f"/give/{number}", response_model_exclude_none=True)(give)
    return app


def models_in_one(fw: Any) -> Any:
    app = fw.FastAPI(separate_input_output_schemas=False)

    @app.put("/")
    def put(part: Part, square: Square | None = None, aliased: Aliased | None = None) -> Page[Aliased]: ...

    return app


def parameters(fw: Any) -> Any:
    app = fw.FastAPI()

    def common(limit: int, since: Annotated[str, fw.Header(description="s")] = "x") -> None: ...

    @app.get("/a/{item_id:int}/{rest:path}")
    def read(
        item_id: int,
        rest: Annotated[str, fw.Path(min_length=1, openapi_examples={"e": {"value": "a", "summary": None}})],
        filters: Annotated[Filters, fw.Query()],
        by_header: Annotated[Filters | None, fw.Header()] = None,
        used: Annotated[Any, fw.Depends(common)] = None,
        limit: str = "",
        x_token: Annotated[list[str] | None, fw.Header(deprecated=True)] = None,
        hidden: Annotated[int, fw.Query(include_in_schema=False)] = 3,
        color: Annotated[Color, fw.Cookie(alias="Colour", title="Farbe")] = Color.blue,
        choice: Annotated[
            int, fw.Query(validation_alias=AliasChoices("c", "choice"), gt=0, multiple_of=2)
        ] = 2,
    ) -> None: ...

    return app


def bodies(fw: Any) -> Any:
    app = fw.FastAPI()

    @app.post("/json")
    def json_body(
        part: Annotated[Part, fw.Body(description="The part", examples=[{"name": None}])],
        note: Annotated[str, fw.Body(alias="Note", deprecated=True)] = "",
    ) -> None: ...

    @app.post("/embedded")
    def embedded(
        part: Annotated[Part | None, fw.Body(embed=True, media_type="application/x")] = None,
    ) -> None: ...

    @app.post("/upload")
    def upload(
        files: list[fw.UploadFile],
        token: Annotated[str, fw.Form()],
        raw: Annotated[bytes | None, fw.File(description="r")] = None,
    ) -> None: ...

    @app.post("/form")
    def form(profile: Annotated[Profile, fw.Form()]) -> None: ...

    @app.post("/forms")
    def forms(
        token: Annotated[str, fw.Form(alias="the-token")],
        profile: Annotated[Profile | None, fw.Form()] = None,
        pet: Annotated[Cat | Dog | None, fw.Form(discriminator="kind")] = None,
    ) -> None: ...

    @app.api_route("/many", methods=["GET"])
    def with_get(part: Part) -> None: ...

    return app


def responses(fw: Any) -> Any:
    app = fw.FastAPI(
        responses={"default": {"model": Part}, 418: {}}, default_response_class=fw.responses.ORJSONResponse
    )
    classes = fw.responses

    @app.get("/none", status_code=204, response_class=classes.Response)
    def none() -> None: ...

    @app.get(
        "/text",
        response_class=classes.PlainTextResponse,
        responses={"4xx": {"model": Square, "description": "Oh"}},
    )
    def text() -> str: ...

    @app.get("/redirect", response_class=classes.RedirectResponse)
    def redirect(to: str) -> Any: ...

    @app.get("/lines", response_class=classes.JSONResponse)
    def plain(q: int) -> list[Part]: ...

    @app.get("/events", response_class=fw.sse.EventSourceResponse)
    def events() -> Iterator[Part | None]:
        yield None

    @app.get(
        "/more",
        responses={200: {"content": {"image/png": {}}, "headers": {"X-A": {"schema": {"type": "string"}}}}},
    )
    def more() -> Part: ...

    return app


def streams(fw: Any) -> Any:
    app = fw.FastAPI()

    @app.get("/lines")
    def lines() -> Iterator[Square]:
        yield Square(side=1)

    @app.get("/untyped")
    async def untyped(q: int):
        yield q

    return app


def security(fw: Any) -> Any:
    app = fw.FastAPI(dependencies=[fw.Depends(fw.security.APIKeyHeader(name="X-Key", description="k"))])
    oauth2 = fw.security.OAuth2PasswordBearer("/token", scopes={"a": "A"}, refreshUrl="/again")

    def user(token: Annotated[str, fw.Security(oauth2, scopes=["b", "a"])]) -> None: ...

    @app.get("/")
    def read(
        user: Annotated[Any, fw.Security(user, scopes=["c"])],
        basic: Annotated[Any, fw.Depends(fw.security.HTTPBasic(scheme_name="Basic"))],
        token: Annotated[str, fw.Depends(oauth2)],
    ) -> None: ...

    app.get(
        "/open-id", dependencies=[fw.Depends(fw.security.OpenIdConnect(openIdConnectUrl="/.well-known"))]
    )(lambda: 1)
    return app


def routers(fw: Any) -> Any:
    callbacks = fw.APIRouter()

    @callbacks.post("{$callback_url}/{id}", responses={404: {"model": Twin}})
    def called(id: int, part: Part) -> Square: ...

    router = fw.APIRouter(tags=["r"], responses={403: {"description": "No"}})

    @router.get(
        "/items/",
        name="all items",
        callbacks=callbacks.routes,
        openapi_extra={"x-a": {"b": [None]}, "tags": ["x"]},
    )
    def items() -> list[Part]:
        """All.

        Of them.
        \f
        Not shown.
        """

    app = fw.FastAPI(generate_unique_id_function=lambda route: f"{route.name}-{len(route.path)}")
    app.include_router(router, prefix="/one", tags=["one"])
    app.include_router(router, prefix="/{two}", deprecated=True, responses={404: {"model": Twin}})

    @app.webhooks.post("sold")
    def sold(part: Part) -> None:
        """Tell me."""

    return app


def empty(fw: Any) -> Any:
    return fw.FastAPI(
        title="T", summary="s", description="d", terms_of_service="/t", license_info={"name": "MIT"}
    )


BUILDS = [models, models_in_one, parameters, bodies, streams, security, routers, empty]


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)
def test_the_document_is_fastapis(build: Build) -> None:
    compare_openapi(build)
