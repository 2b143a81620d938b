"""Forms and uploads: urlencoded and multipart, models, unions, files of every declaration, limits, and broken forms."""

# ruff: noqa: B006 - mutable defaults are what users write
# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from .oracle import Part, Question, Request, compare, compare_openapi, labels, post, post_form, post_multipart
from .recorder import seen


class Colour(Enum):
    red = "red"


class Login(BaseModel):
    username: str
    password: str = "none"
    tags: list[str] = []
    age: int | None = None


class StrictLogin(Login):
    model_config = ConfigDict(extra="forbid")
    nick: str = Field("n", alias="nick-name")


class Text(BaseModel):
    kind: Literal["text"]
    value: str


class Many(BaseModel):
    kind: Literal["many"]
    value: list[int]


TYPES: dict[str, Any] = {
    "int": int, "str": str, "bool": bool, "float": float, "bytes": bytes, "date": date, "colour": Colour,
    "optional": int | None, "list": list[int], "strings": list[str], "set": set[str],
    "optional list": list[str] | None, "literal": Literal["a", "b"], "union": int | str, "any": Any,
    "bare": list, "pair": tuple[int, str],
}  # fmt: skip

FIELDS: list[tuple[tuple[str, str], ...]] = [
    (), (("value", ""),), (("value", "1"),), (("value", "a"),), (("value", "1"), ("value", "2")),
    (("value", "a"), ("value", "")), (("value", "red"), ("other", "x")), (("Value", "1"),),
    (("value", "grün ☃ +&="),), (("value", " 1 "),), (("value", "2032-04-23"),), (("value", "true"),),
]  # fmt: skip


def by_type(fw):
    """One endpoint for every type: required, with a default, and optional."""
    app = fw.FastAPI()

    def declare(name: str, kind: Any) -> None:
        @app.post(f"/required/{name}")
        async def required(value: Annotated[kind, fw.Form()]):
            return seen(value=value)

        @app.post(f"/default/{name}")
        def default(value: Annotated[kind, fw.Form()] = "d", other: Annotated[str, fw.Form()] = "o"):
            return seen(value=value, other=other)

        @app.post(f"/optional/{name}")
        async def optional(value: kind | None = fw.Form(None)):
            return seen(value=value)

    for name, kind in TYPES.items():
        declare(name, kind)
    return app


@pytest.mark.parametrize("place", ["required", "default", "optional"])
@pytest.mark.parametrize("name", TYPES)
def test_fields_by_type(name: str, place: str) -> None:
    compare(by_type, *(post_form(f"/{place}/{name}", *fields) for fields in FIELDS))
    compare(by_type, *(post_multipart(f"/{place}/{name}", *fields) for fields in FIELDS))
    compare(by_type, post(f"/{place}/{name}", '{"value": 1}'), post(f"/{place}/{name}", "", kind=None))


def test_openapi_by_type() -> None:
    compare_openapi(by_type)


def models(fw):
    """Forms as models: alone, strict, optional, beside fields, two of them, unions."""
    app = fw.FastAPI()

    @app.post("/login")
    async def login(data: Annotated[Login, fw.Form()]):
        return seen(data=data)

    @app.post("/strict")
    async def strict(data: Annotated[StrictLogin, fw.Form()]):
        return seen(data=data)

    @app.post("/optional")
    async def optional(data: Annotated[Login | None, fw.Form()] = None):
        return seen(data=data)

    @app.post("/beside")
    async def beside(
        data: Annotated[Login, fw.Form()],
        username: Annotated[str, fw.Form()],
        extra: Annotated[int, fw.Form()] = 3,
    ):
        return seen(data=data, username=username, extra=extra)

    @app.post("/two")
    async def two(a: Annotated[Login, fw.Form()], b: Annotated[StrictLogin, fw.Form()]):
        return seen(a=a, b=b)

    @app.post("/union")
    async def union(data: Annotated[Text | Many, fw.Form()]):
        return seen(data=data)

    @app.post("/tagged")
    async def tagged(data: Annotated[Text | Many | None, fw.Form(discriminator="kind")] = None):
        return seen(data=data)

    @app.post("/response")
    async def response(data: Annotated[Login, fw.Form()]) -> Login:
        return data

    return app


FORMS: list[tuple[tuple[str, str], ...]] = [
    (), (("username", "u"),), (("username", ""),),
    (("username", "u"), ("password", "p"), ("tags", "a"), ("tags", "b"), ("age", "3")),
    (("username", "u"), ("age", "x"), ("tags", "")), (("username", "u"), ("extra", "e")),
    (("username", "u"), ("username", "v")), (("password", "p"),), (("nick-name", "n"), ("username", "u")),
    (("nick", "n"), ("username", "u")), (("username", "u"), ("age", "")), (("kind", "text"), ("value", "v")),
    (("kind", "many"), ("value", "1"), ("value", "2")), (("kind", "many"), ("value", "x")), (("kind", "no"),),
    (("value", "1"),), (("data", "x"),), (("data", '{"username": "u"}'),),
]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["login", "strict", "optional", "beside", "two", "union", "tagged", "response"]
)
def test_models(name: str) -> None:
    compare(
        models,
        *(post_form(f"/{name}", *form) for form in FORMS),
        *(post_multipart(f"/{name}", *form) for form in FORMS),
    )


def test_openapi_models() -> None:
    compare_openapi(models)


def files(fw):
    """Every way to ask for a file."""
    app = fw.FastAPI()
    Upload = fw.UploadFile

    @app.post("/bytes")
    async def content(file: Annotated[bytes, fw.File()]):
        return seen(file=file)

    @app.post("/upload")
    async def upload(file: Upload):
        return seen(file=file)

    @app.post("/marked")
    def marked(file: Annotated[Upload, fw.File(description="A file", title="F")]):
        return seen(file=file)

    @app.post("/list")
    async def several(files: list[Upload]):
        return seen(files=files)

    @app.post("/list-bytes")
    async def list_bytes(files: Annotated[list[bytes], fw.File()]):
        return seen(files=files)

    @app.post("/optional")
    async def optional(file: Upload | None = None, data: Annotated[bytes | None, fw.File()] = None):
        return seen(file=file, data=data)

    @app.post("/optional-list")
    async def optional_list(files: list[Upload] | None = None):
        return seen(files=files)

    @app.post("/mixed")
    async def mixed(
        file: Annotated[bytes, fw.File()],
        upload: Upload,
        token: Annotated[str, fw.Form()],
        tags: Annotated[list[str], fw.Form()] = [],
    ):
        return seen(file=file, upload=upload, token=token, tags=tags)

    @app.post("/alias")
    async def alias(
        file: Annotated[Upload, fw.File(alias="the file")],
        other: Annotated[Upload | None, fw.File(validation_alias=AliasChoices("o1", "o2"))] = None,
    ):
        return seen(file=file, other=other)

    @app.post("/limited")
    async def limited(file: Annotated[bytes, fw.File(max_length=3)]):
        return seen(file=file)

    @app.post("/read")
    async def read(file: Upload):
        first = await file.read(2)
        await file.seek(0)
        return {
            "first": first.decode(),
            "all": (await file.read()).decode(),
            "size": file.size,
            "type": file.content_type,
            "name": file.filename,
        }

    @app.post("/request")
    async def request(request: fw.Request):
        async with request.form() as form:
            return [[name, seen(value=value)] for name, value in form.multi_items()]

    def dependency(file: Upload, token: Annotated[str, fw.Form()] = "t"):
        return seen(file=file, token=token)

    @app.post("/dependency")
    async def depends(found: Annotated[dict, fw.Depends(dependency)], upload: Upload | None = None):
        return found | seen(upload=upload)

    return app


PARTS: list[tuple[Part, ...]] = [
    (),
    (("file", b"content", "a.txt", "text/plain"),),
    (("file", b"", "empty.txt"),),
    (("file", b"no name", ""),),
    (("file", b"", ""),),
    (("file", "a field"),),
    (("file", b"\x00\xff\r\n--limit", "bin\u00fc.bin", "application/octet-stream"), ("file", b"2", "b.txt")),
    (("files", b"1", "1.txt"), ("files", b"22", "2.txt"), ("files", "field")),
    (("files", b"", ""),),
    (
        ("file", b"f", "f"),
        ("upload", b"u", "u", "x/y; charset=z"),
        ("token", "t"),
        ("tags", "a"),
        ("tags", "b"),
    ),
    (("file", b"f", "f"), ("upload", b"u", "u")),
    (("the file", b"f", "f"), ("o2", b"o", "o")),
    (("data", b"d", "d"), ("file", "text")),
    (("file", b"x" * 5000, "big.txt"),),
    (('na"me', "quoted"), ("file", b"f", 'q"uo\nte.txt')),
]
FILE_PATHS = (
    "bytes", "upload", "marked", "list", "list-bytes", "optional", "optional-list", "mixed", "alias",
    "limited", "read", "request", "dependency",
)  # fmt: skip


@pytest.mark.parametrize("name", FILE_PATHS)
def test_files(name: str) -> None:
    compare(files, *(post_multipart(f"/{name}", *parts) for parts in PARTS))
    compare(
        files,
        post_form(f"/{name}", ("file", "x")),
        post_form(f"/{name}", ("files", "x")),
        post(f"/{name}", kind=None),
        post(f"/{name}", "{}"),
    )


def test_openapi_files() -> None:
    compare_openapi(files)


HEAD = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
LIMIT = "multipart/form-data; boundary=limit"
END = b"x\r\n--limit--\r\n"
BROKEN_BODIES: list[tuple[bytes, str]] = [
    (b"", "multipart/form-data"),
    (b"", "multipart/form-data; boundary="),
    (b"junk", LIMIT),
    (HEAD + b"x", LIMIT),
    (HEAD + b"x\r\n--limit--", 'multipart/form-data; boundary="limit"'),
    (HEAD + END, "multipart/form-data; boundary=other"),
    (HEAD.replace(b"\r\n", b"\n") + b"x\n--limit--\n", LIMIT),
    (HEAD + END + b"trailing", "Multipart/Form-Data; charset=utf-8; boundary=limit"),
    (HEAD.replace(b"form-data", b"attachment") + END, LIMIT),
    (HEAD.replace(b'name="file"; ', b"") + END, LIMIT),
    (HEAD.replace(b'"a"', b"\"a\"; filename*=utf-8''b") + END, LIMIT),
    (HEAD.replace(b'"file"', b'"f\xffle"') + END, LIMIT),
    (b"--limit--\r\n", LIMIT),
    (b"--limit\r\n\r\n" + END, LIMIT),
    (b"--limit\r\nbad header\r\n\r\nx", LIMIT),
    (HEAD + END, "multipart/mixed; boundary=limit"),
    (b"\xff=%zz&a", "application/x-www-form-urlencoded"),
    (b"file=%FF%00", "application/x-www-form-urlencoded; charset=latin-1"),
    (HEAD + END, "multipart/form-data; boundary=" + "l" * 300),
    (b"&".join([b"a=1"] * 1001), "application/x-www-form-urlencoded"),
    (b'--limit\r\nContent-Disposition: form-data; name="n"\r\n\r\nx\r\n' * 1001 + b"--limit--\r\n", LIMIT),
    ((HEAD + b"x\r\n") * 1001 + b"--limit--\r\n", LIMIT),
    (b'--limit\r\nContent-Disposition: form-data; name="n"\r\n\r\n' + b"x" * (1024 * 1024) + END, LIMIT),
]
BROKEN: list[Question] = [post("/upload", body, kind=kind) for body, kind in BROKEN_BODIES]


@pytest.mark.parametrize("question", BROKEN, ids=labels(BROKEN))
@pytest.mark.parametrize("path", ["/upload", "/request", "/optional"])
def test_broken_forms(question: Request, path: str) -> None:
    compare(files, Request("POST", path, question.headers, question.body))


def limits(fw):
    """`form_limits` and `max_body_size` on the application, routers, inclusions and routes."""
    app = fw.FastAPI(form_limits={"max_fields": 3, "max_part_size": 8}, max_body_size=600)
    inner = fw.APIRouter(form_limits={"max_files": 1})

    async def form(
        request: fw.Request,
        text: Annotated[list[str], fw.Form()] = [],
        file: Annotated[list[fw.UploadFile], fw.File()] = [],
    ):
        return seen(text=text, file=file)

    app.post("/app")(form)
    app.post("/route", form_limits={"max_fields": 1}, max_body_size=50)(form)
    app.post("/zero", form_limits={"max_fields": 0, "max_files": 0})(form)
    inner.post("/inner")(form)
    inner.post("/inner-route", form_limits={"max_part_size": 2})(form)
    app.include_router(inner, prefix="/a")
    app.include_router(inner, prefix="/b", form_limits={"max_files": 2, "max_fields": 1}, max_body_size=200)

    @app.post("/stream")
    async def stream(request: fw.Request):
        return {"size": sum([len(chunk) async for chunk in request.stream()])}

    @app.post("/json")
    async def body(value: Annotated[Any, fw.Body()]):
        return value

    return app


LIMITED: list[Question] = [
    make(path, parts)
    for path in ("/app", "/route", "/zero", "/a/inner", "/a/inner-route", "/b/inner", "/b/inner-route")
    for parts in (
        [("text", "a")],
        [("text", "a"), ("text", "b")],
        [("text", "a")] * 4,
        [("text", "x" * 9)],
        [("text", "x" * 8)],
    )
    for make in (lambda p, f: post_form(p, *f), lambda p, f: post_multipart(p, *f))
]
LIMITED += [
    post_multipart(path, *[("file", b"x" * size, "f")] * count)
    for path in ("/app", "/zero", "/a/inner", "/b/inner")
    for count, size in ((1, 20), (2, 3), (3, 3), (1, 700))
]
LIMITED += [
    post(path, body, *headers)
    for path in ("/stream", "/json")
    for body in (b"1" * 600, b"1" * 601, (b"1" * 300, b"1" * 300), (b"1" * 300, b"1" * 301))
    for headers in ((), (("content-length", "5"),), (("content-length", "700"),), (("content-length", "x"),))
]


@pytest.mark.parametrize("question", LIMITED, ids=labels(LIMITED))
def test_limits(question: Question) -> None:
    compare(limits, question)
