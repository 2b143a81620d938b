"""Bad input, at every door: whatever is sent, the answer is FastAPI's, and a 500 only where FastAPI has one."""

# ruff: noqa: B006 - mutable defaults are what users write
# mypy: disable-error-code="name-defined, valid-type, no-untyped-def, misc"

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from .oracle import Headers, Question, Request, compare, get, labels, post
from .recorder import seen


class Inner(BaseModel):
    values: list[int] = []
    text: str = ""


class Body(BaseModel):
    number: int
    inner: Inner | None = None
    table: dict[str, float] = {}
    tree: list["Body"] = []
    moment: datetime | None = None
    exact: Decimal | None = None
    key: UUID | None = None
    short: str = Field("", max_length=5)


def doors(fw):
    """One endpoint for every place that input comes from."""
    app = fw.FastAPI()
    lax = fw.APIRouter(prefix="/lax", strict_content_type=False)

    for router in (app, lax):

        @router.post("/model")
        async def model(body: Body):
            return seen(body=body)

        @router.post("/anything")
        async def anything(body: Annotated[Any, fw.Body()]):
            return seen(body=body)

        @router.post("/several")
        def several(a: Annotated[int, fw.Body()], b: Annotated[Body | None, fw.Body()] = None):
            return seen(a=a, b=b)

    app.include_router(lax)

    @app.post("/bytes")
    async def binary(body: Annotated[bytes, fw.Body()]):
        return seen(body=body)

    @app.post("/form")
    async def form(a: Annotated[str, fw.Form()], b: Annotated[list[int], fw.Form()] = []):
        return seen(a=a, b=b)

    @app.post("/file")
    async def file(a: fw.UploadFile, b: Annotated[str | None, fw.Form()] = None):
        return seen(a=a, b=b)

    @app.post("/request")
    async def request(request: fw.Request):
        return {"json": await request.json()}

    @app.post("/request-form")
    async def request_form(request: fw.Request):
        return [[key, seen(value=value)] for key, value in (await request.form()).multi_items()]

    @app.get("/query")
    async def query(a: int = 0, b: Annotated[list[str], fw.Query()] = [], c: float | None = None):
        return seen(a=a, b=b, c=c)

    @app.get("/path/{a}/{b:path}")
    async def path(a: int, b: str):
        return seen(a=a, b=b)

    @app.get("/header")
    async def header(
        a: Annotated[int | None, fw.Header()] = None, b: Annotated[list[str] | None, fw.Header()] = None
    ):
        return seen(a=a, b=b)

    @app.get("/cookie")
    async def cookie(
        a: Annotated[str | None, fw.Cookie()] = None, b: Annotated[int | None, fw.Cookie()] = None
    ):
        return seen(a=a, b=b)

    return app


def deep(opening: str, closing: str, depth: int) -> bytes:
    """Nested JSON."""
    return (opening * depth + "1" + closing * depth).encode()


BODIES: list[bytes] = [
    b"", b" ", b"{", b"}", b"[", b"]", b"{}", b"[]", b"nul", b"null", b"true", b"tru", b'"', b'"a', b"'a'",
    b"{'a': 1}", b"{a: 1}", b"{,}", b"[1,]", b'{"a":1,}', b'{"a" 1}', b'{"a":}', b'{"number":1}}',
    b'{"number":1} x', b'{"number":1}\x00', b"\x00", b'{"number":1,"number":2}', b'{"number":01}',
    b'{"number":+1}', b'{"number":1.}', b'{"number":.5}', b'{"number":1e999}', b'{"number":-0}',
    b'{"number":1e5}', b'{"number":1E400}', b'{"number":NaN}', b'{"number":Infinity}',
    b'{"number":-Infinity}', b"NaN", b"[NaN, Infinity]", b'{"number":' + b"9" * 400 + b"}",
    b'{"number":' + b"9" * 4301 + b"}", b"1" * 4301, b"-" + b"1" * 4300, b'{"number":"' + b"9" * 5000 + b'"}',
    b'{"number":1,"exact":"1e999999999"}', b'{"number":1,"exact":' + b"1" * 200 + b"}", b'{"number":0x10}',
    b'{"number":1_0}', b'{"number":true}', b"\xef\xbb\xbf{}", b'\xef\xbb\xbf{"number":1}',
    b"\xff\xfe{\x00}\x00", b"\x00{\x00}", '{"number":1}'.encode("utf-16"), '{"number":1}'.encode("utf-16-le"),
    '{"number":1}'.encode("utf-32"), b'{"number":"\xff"}', b'"\xc3"', b'"\xed\xa0\x80"',
    b'"\xf5\x80\x80\x80"', b'"\xc0\x80"', b'{"\xff":1}', b'"\\ud800"', b'"\\udc00\\ud800"',
    b'"\\ud83d\\ude00"', b'"\\u0000"', b'"\\x41"', b'"\\u12"', b'"\\', b'"\t"', b'"\n"', b'"\x7f"',
    b'{"short":"\\ud800","number":1}', b'{"number":1,"inner":{"text":"\\ud83d"}}', '"☃ü"'.encode(),
    '"\u2028"'.encode(), b'{"number":1,"short":"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"}',
    deep("[", "]", 100), deep("[", "]", 199), deep("[", "]", 201), deep("[", "]", 990),
    deep('{"a":', "}", 150), deep('{"number":1,"tree":[', "]}", 20),
    b"[" * 5000, b'{"a":' * 3000, b'{"number":[]}',
    b'{"number":{}}', b'{"number":null}',
    b'{"number":"x","inner":[],"table":{"a":"x","b":null},"tree":[{}],"moment":"never","exact":"x","key":"x"}',
    b'{"number":1,"short":"too long"}', b'{"number":1,"table":{"a":1,"a":2}}', b'{"number":1,"moment":1e20}',
    b'{"number":1,"moment":-1}', b"[[1]]", b'[{"number":1}]', b'"text"', b"3", b"3.0", b"-1", b"1e2",
    b"{} {}", b"{}\n{}", b"// c\n{}", b"/**/{}", b"\x0b{}", b"\xa0{}", b"\xe2\x80\xa8{}",
    b'{"__proto__":1,"__class__":2,"number":1}', b'{"":1,"number":1}', b"a=1&b=2", b"--limit\r\n",
    b'{"a":1,"b":{"number":"x"}}', b'{"a":"1"}', b'{"b":null}',
]  # fmt: skip


def body_id(body: bytes) -> str:
    """A short test id; long bodies differ in their length."""
    return f"{len(body)} {body[:24]!r}"


@pytest.mark.parametrize("body", BODIES, ids=body_id)
def test_bodies(body: bytes) -> None:
    compare(
        doors,
        *(
            post(path, body)
            for path in (
                "/model",
                "/anything",
                "/several",
                "/bytes",
                "/request",
                "/lax/model",
                "/lax/anything",
            )
        ),
    )


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "application/json\t;",
        "application/json;;;=",
        "application/json; charset",
        "é/json",
    ],
)
def test_bodies_of_other_types(kind: str | None) -> None:
    bodies = (b'{"number":1}', b"{", b"", b"\xff", b"3", b"null")
    compare(
        doors,
        *(
            post(path, body, kind=kind)
            for path in (
                "/model",
                "/anything",
                "/several",
                "/bytes",
                "/lax/model",
                "/lax/several",
                "/form",
                "/file",
            )
            for body in bodies
        ),
    )


CHUNKS: list[tuple[bytes, ...]] = [
    (), (b"",), (b"", b""), (b'{"num', b'ber":1}'), (b'{"number":"\xc3', b'\xbc"}'), (b"{", b"", b"}", b""),
    tuple(b'{"number": 1}'[i : i + 1] for i in range(13)), (b'{"number":1}', b"x"),
]  # fmt: skip


@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
def test_chunks(chunks: tuple[bytes, ...]) -> None:
    field = (("content-type", "application/json"),)
    compare(
        doors,
        *(
            Request("POST", path, field, chunks or b"")
            for path in ("/model", "/anything", "/bytes", "/request")
        ),
    )


@pytest.mark.parametrize("length", ["0", "1", "5", "1000", "-1", "x", "", "1, 1", "18446744073709551616"])
def test_wrong_lengths(length: str) -> None:
    """What arrives counts, not what was announced."""
    headers: Headers = (("content-length", length), ("content-type", "application/json"))
    compare(
        doors,
        Request("POST", "/model", headers, b'{"number":1}'),
        Request("POST", "/anything", headers, b""),
        Request("POST", "/form", (headers[0], ("content-type", "application/x-www-form-urlencoded")), b"a=1"),
    )


FORMS: list[bytes] = [
    b"", b"a", b"a=", b"=a", b"a=1", b"a=1&a=2", b"a=1;b=2", b"&&a=1&&", b"a=1&b=x&b=2", b"a=%", b"a=%4",
    b"a=%zz", b"a=%ff", b"a=%00", b"a=\xff", b"\xff=1", b"a=%E2%98%83", b"a=+%2B+", b"a==1", b"a=1=2",
    b"a[]=1", b"A=1", b"a=1&b=", b"a=1&b=1&b=" + b"9" * 5000, b"a=" + b"x" * 100000,
    b"&".join(b"k%d=1" % n for n in range(1000)) + b"&a=1",
    b"&".join(b"k%d=1" % n for n in range(999)) + b"&a=1", b"&" * 5000 + b"a=1", b"a=1\r\n", b"a=1#b",
    b"?a=1", b"a%3D1", b"%61=1", b'{"a": 1}', b"a=\xed\xa0\x80", b"%C3=1&a=2",
]  # fmt: skip


@pytest.mark.parametrize("body", FORMS, ids=body_id)
def test_forms(body: bytes) -> None:
    kinds = (
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=latin-1",
        "multipart/form-data; boundary=x",
    )
    compare(
        doors,
        *(post(path, body, kind=kind) for path in ("/form", "/file", "/request-form") for kind in kinds),
    )


QUERIES = (
    "", "?", "?a", "?a=", "?=1", "?a=1&a=2", "?a=x", "?a=%", "?a=%zz", "?a=%ff", "?a=%00", "?a=1%0A",
    "?a=%201%20", "?a=+1", "?a=%2B1", "?a=1;b=2", "?a=1&&b=2&", "?&a=3", "?b=%E2%98%83&b=%C3", "?b=\x7f",
    "?a=1?b=2", "?a=1#b=2", "?%61=4", "?a=" + "9" * 4301, "?a=1e3", "?a=0x1", "?a=1.0", "?a=1.5", "?a=true",
    "?c=nan", "?c=inf", "?c=1e999", "?c=1_0", "?c=", "?c=null", "?" + "&".join("b=1" for _ in range(2000)),
    "?b=" + "x" * 20000, "?a=%D9%A3", "?a=۳", "?A=1", "?a[]=1", "?a.b=1", "?a=%C2%A01",
)  # fmt: skip
TARGETS: list[Question] = [
    *(get(f"/query{query}") for query in QUERIES),
    *(
        get(f"/path/{path}") for path in (
            "1/", "1/a/b", "x/", "1", "%31/%2e%2e/x", "1/..%2f..%2fetc", "%00/x", "1/%00", "1/%ff",
            "9" * 4301 + "/x", "-1/x", "1.0/x", " 1/x", "%201/x", "1/" + "a/" * 500, "٣/x", "1%0A/x", "1//x",
            "1/?a=1", "1/%3Fa=1", "+1/x",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    "question", TARGETS, ids=[f"{number} {label}" for number, label in enumerate(labels(TARGETS))]
)
def test_targets(question: Question) -> None:
    compare(doors, question)


VALUES: tuple[bytes, ...] = (
    b"",
    b"1",
    b" 1 ",
    b"x",
    b"1, 2",
    b"\xff",
    b"\xc3\xbc",
    "☃".encode(),
    b"9" * 5000,
    b"1;q=2",
    b'"1"',
    b"\t",
    b"null",
    b"-0",
    b"1e1",
    b"0x1",
)


@pytest.mark.parametrize("value", VALUES, ids=body_id)
def test_headers(value: bytes) -> None:
    compare(
        doors,
        get("/header", ("a", value)),
        get("/header", ("b", value), ("B", b"2")),
        get("/header", (b"a", b"1"), ("a", value)),
        get("/header", (b"\xe4", value)),
    )


COOKIES: tuple[bytes, ...] = (
    b"", b"a", b"a=", b"=a", b"a=1; a=2", b"a=1;b=2", b"b=x", b" a = 1 ; b = 2 ", b'a="q"; b="3"',
    b'a="\\"\\054\\303"', b"a=\xff", b"a=\xc3\xbc", b"a=%C3%BC", b"a=1,b=2", b"a=1; Path=/; b=2",
    b"$Version=1; a=1", b";;;", b"a=1;", b"A=1", b"a==", b"a=" + b"x" * 5000, b"a=(x)", b'a="', b'a="1; b=2"',
    b"a\t=\t1",
)  # fmt: skip


@pytest.mark.parametrize("value", COOKIES, ids=body_id)
def test_cookies(value: bytes) -> None:
    compare(doors, get("/cookie", ("cookie", value)), get("/cookie", ("cookie", value), ("cookie", b"b=7")))


@pytest.mark.parametrize(
    "path", ["/model", "/anything", "/bytes", "/form", "/file", "/request", "/request-form"]
)
def test_client_leaves_before_the_body_is_complete(path: str) -> None:
    """The server reports a disconnect in the middle of the body: no answer is possible, and the same error arises."""
    kind = "application/x-www-form-urlencoded" if "form" in path else "application/json"
    compare(
        doors,
        Request("POST", path, (("content-type", kind),), (b'{"number', b"abrupt end"), client_leaves_after=0),
    )


def test_large_bodies() -> None:
    """Two megabytes of JSON, good and broken at the end."""
    large = json.dumps({"number": 1, "inner": {"values": list(range(300_000))}}).encode()
    compare(doors, post("/model", large), post("/model", large[:-1]), post("/anything", large[:-2] + b"x"))
