"""The same source on FastAPI and on vivace: one long conversation, and every answer is the same.

Each framework serves the shop with its clock stopped at the same moment, and with the same secret. Status,
headers in their order, and body are compared to the byte; what may differ is named in ``MAY_DIFFER``.
"""

import difflib
import json
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import httpx
import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from .conftest import StartShop
from .running import SERVE_SHOP, SUBJECT

pytest.importorskip("fastapi", reason="FastAPI is the one to compare with")

SECRET = "a secret that is only used in these tests"
HOST = "shop.example"
ORIGIN = "http://localhost:3000"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4

REQUEST_ID = "same-for-both"

# Of these headers only the name is compared.
MAY_DIFFER = {
    "date": "tells the time of day",
    "x-process-time": "tells how long it took",
    "last-modified": "tells when the picture was uploaded, or the front page was checked out",
    "etag": "is made from the former",
    "sec-websocket-accept": "answers a key that the client has just made up (RFC 6455, section 4.2.2)",
}

# Each framework has its own HTML around the same documentation: of these, only status and headers are compared.
OWN_HTML = ("/docs", "/docs/oauth2-redirect", "/redoc")

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back for one request."""

    status: int
    headers: Headers
    body: bytes


Answers = dict[str, Answer]


def headers_of(raw: Iterable[tuple[str, str]]) -> Headers:
    return [(name, comparable(name, value)) for name, value in ((name.lower(), value) for name, value in raw)]


def comparable(name: str, value: str) -> str:
    made_up = name == "x-request-id" and value != REQUEST_ID
    return "…" if made_up or name in MAY_DIFFER else value


class Conversation:
    """Speaks to one server, and writes down every answer under the question."""

    def __init__(self, url: str) -> None:
        self.answers: Answers = {}
        self.url = url
        self.client = httpx.Client(
            base_url=url, timeout=10, headers={"Host": HOST, "X-Request-ID": REQUEST_ID}
        )
        self.tokens = {name: self.sign_in(name) for name in ("demo", "staff")}

    def sign_in(self, name: str) -> str:
        form = {"username": name, "password": f"{name}-password"}
        return str(self.ask("POST /token", data=form).json()["access_token"])

    def write_down(self, question: str, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        number = len(self.answers) + 1
        self.answers[f"{number}. {question}"] = Answer(status, headers_of(headers), body)

    def ask(self, question: str, who: str = "", **options: Any) -> httpx.Response:
        """Ask ``"METHOD /path"`` in the name of a user, or of nobody."""
        headers = options.pop("headers", {})
        as_user = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        method, path = question.split()
        answer = self.client.request(method, path, headers=headers | as_user, **options)
        told = {name: value for name, value in options.items() if isinstance(value, dict) and name != "files"}
        raw, body = answer.headers.multi_items(), answer.content
        if path in OWN_HTML:
            raw, body = [(name, value) for name, value in raw if name != "content-length"], b""
        self.write_down(
            f"{who or 'nobody'}: {question} {headers or ''} {told}", answer.status_code, raw, body
        )
        return answer

    def announce(self, question: str, length: int) -> None:
        """Announce a body and wait for the answer: a server that refuses it need not read it first."""
        method, path = question.split()
        headers = {"Host": HOST, "X-Request-ID": REQUEST_ID, "Content-Length": str(length)}
        with closing(HTTPConnection(self.url.removeprefix("http://"), timeout=10)) as connection:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        self.write_down(f"announce {question} {length}", answer.status, answer.getheaders(), body)

    def listen(self, path: str, who: str, events: int, then: Callable[[], object], **headers: str) -> None:
        """Read a stream up to its first event, do something, and read on until that many events were seen."""
        headers["Authorization"] = f"Bearer {self.tokens[who]}"
        seen: list[str] = []
        with self.client.stream("GET", path, headers=headers) as stream:
            for line in stream.iter_lines():
                seen.append(line)
                complete = sum(line.startswith("data:") for line in seen)
                if complete == 1 and not line:
                    then()
                if complete == events and not line:
                    break
        status, raw = stream.status_code, stream.headers.multi_items()
        self.write_down(f"stream {path}", status, raw, "\n".join(seen).encode())

    def chat(self, query: str, *lines: str | bytes) -> None:
        """Join the chat, say all lines, and write down what came back: one message each, or the refusal."""
        address = self.url.replace("http", "ws") + "/live/chat" + query
        heard: list[str | bytes] = []
        try:
            with connect(address, additional_headers={"X-Request-ID": REQUEST_ID}) as socket:
                assert socket.response is not None
                status, raw = socket.response.status_code, socket.response.headers
                for line in lines:
                    socket.send(line)
                    heard.append(socket.recv(5))
        except InvalidStatus as refused:
            status, raw = refused.response.status_code, refused.response.headers
            heard.append(bytes(refused.response.body or b""))
        except ConnectionClosed as closed:
            heard.append(f"closed: {closed.rcvd}")
        self.write_down(
            f"chat{query.partition('=')[0]} {lines}", status, raw.raw_items(), repr(heard).encode()
        )


def hold(url: str, now: int) -> Answers:
    """Hold the whole conversation with the shop at ``url``, where it is ``now``."""
    talk = Conversation(url)
    ask = talk.ask
    for scene in (look_around, search, join, manage, show_pictures, buy, follow, speak_wrongly):
        scene(talk)
    forged = jwt.encode({"sub": "demo", "scope": "profile", "exp": now + 60}, SECRET + "!")
    expired = jwt.encode({"sub": "demo", "scope": "profile", "exp": now - 10**6}, SECRET)
    endless = jwt.encode({"sub": "demo", "scope": "profile"}, SECRET)
    for token in ("nonsense", forged, expired, endless):
        ask("GET /users/me", headers={"Authorization": f"Bearer {token}"})
    talk.client.close()
    return talk.answers


def look_around(talk: Conversation) -> None:
    for path in ("/", "/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc", "/nowhere", "/products/"):
        talk.ask(f"GET {path}")
        talk.ask(f"HEAD {path}")
    talk.ask("GET /products", headers={"Origin": ORIGIN})
    talk.ask("GET /products", headers={"Origin": "http://elsewhere.example"})
    for origin in (ORIGIN, "http://elsewhere.example"):
        for method, header in (("PUT", "authorization"), ("PATCH", "x-unknown"), ("BREW", "")):
            asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": header}
            talk.ask("OPTIONS /orders", headers={"Origin": origin, **asked})
    talk.ask("GET /products/999999", headers={"Origin": ORIGIN})
    for method in ("OPTIONS", "PUT", "TRACE", "BREW"):
        talk.ask(f"{method} /products")


def search(talk: Conversation) -> None:
    queries = """
        search=KNIFE  search=x  search=%25%25  search=%ff%fe  search=  search=caf%C3%A9
        category=garden&in_stock=yes  category=garden&category=desk&sort=-price  category=desk&category=sofa
        limit=2&offset=1  limit=0  limit=101  limit=2.0  limit=2.5  limit=  limit=1&limit=3  offset=-1
        offset=99999999999999999999999  sort=luck  in_stock=perhaps  in_stock=on  colour=blue  colour  &&  =
        min_price_cents=1000&max_price_cents=3000  min_price_cents=2&max_price_cents=1  min_price_cents=null
        min_price_cents=a&max_price_cents=-1&limit=b&offset=c&sort=d&extra=e
    """
    for query in queries.split():
        talk.ask(f"GET /products?{query}")
    for product_id in (
        "1",
        "9",
        "0",
        "-1",
        "999999",
        "teapot",
        "1.0",
        "1e0",
        "%31",
        "99999999999999999999",
        "01",
    ):
        talk.ask(f"GET /products/{product_id}")
    talk.ask("GET /products/export")
    talk.ask("GET /products/1/")
    talk.ask("GET /products/1/picture")


def join(talk: Conversation) -> None:
    grace = {"username": "grace", "full_name": "Grace Hopper", "password": "nanosecond"}
    talk.ask("POST /users", json=grace)
    talk.ask("POST /users", json=grace)
    talk.ask("POST /users", json={"username": "No!", "password": "short", "full_name": None})
    talk.ask(
        "POST /users", json={**grace, "username": "ada", "full_name": "Ada \N{RIGHT SINGLE QUOTATION MARK}"}
    )
    for form in (
        {"username": "demo", "password": "wrong"},
        {"username": "nobody", "password": "wrong"},
        {"username": "demo"},
        {"username": "demo", "password": "demo-password", "grant_type": "implicit"},
        {"username": "demo", "password": "demo-password", "scope": "profile  chat-ticket staff"},
        {"username": "demo", "password": "demo-password", "client_id": "a", "client_secret": "b"},
        {},
    ):
        talk.ask("POST /token", data=form)
    talk.ask("POST /token", json={"username": "demo", "password": "demo-password"})
    talk.ask("POST /token", files={"username": (None, "demo"), "password": (None, "demo-password")})
    talk.ask("GET /users/me", who="demo")
    talk.ask("GET /users/me")
    for header in ("Basic ZGVtbzpkZW1v", "Bearer", "bearer", "Token x y z", ""):
        talk.ask("GET /users/me", headers={"Authorization": header})


def manage(talk: Conversation) -> None:
    mug = {"name": "Mug", "category": "kitchen", "price_cents": 800, "stock": 5}
    talk.ask("POST /products", json=mug)
    talk.ask("POST /products", who="demo", json=mug)
    created = talk.ask("POST /products", who="staff", json=mug).json()
    path = f"/products/{created['id']}"
    changes: list[Any] = [
        {"price_cents": 700, "name": None},
        {},
        {"price_cents": "650"},
        {"price_cents": "a lot", "stock": -1, "category": ["desk"]},
        [],
        "cheaper",
        None,
    ]
    for change in changes:
        talk.ask(f"PATCH {path}", who="staff", json=change)
    talk.ask(
        "POST /products", who="staff", json={"name": "A", "category": "sofa", "price_cents": -1, "stock": 1.5}
    )
    talk.ask("PATCH /products/999999", who="staff", json={"stock": 1})
    talk.ask("PATCH /products/999999", who="demo", json={"stock": "x"})
    talk.ask(f"DELETE {path}", who="staff")
    talk.ask(f"DELETE {path}", who="staff")


def show_pictures(talk: Conversation) -> None:
    path = "/products/1/picture"

    def upload(content: bytes, who: str = "staff", name: str = "picture.png") -> None:
        talk.ask(f"PUT {path}", who=who, files={"picture": (name, content, "image/png")})

    upload(PNG)
    upload(PNG, who="demo")
    upload(PNG, who="")
    upload(b"")
    upload(PNG, name="")
    upload(b"<svg/>")
    upload(PNG.ljust(2 * 1024 * 1024))
    upload(PNG.ljust(2 * 1024 * 1024 + 1))
    talk.announce(f"PUT {path}", 3 * 1024 * 1024)
    upload(PNG)
    talk.ask(f"PUT {path}", who="staff", data={"picture": "not a file"})
    talk.ask(f"PUT {path}", who="staff", files={"image": ("picture.png", PNG)})
    talk.ask(f"PUT {path}", who="staff", content=b"--x", headers={"Content-Type": "multipart/form-data"})
    boundary = {"Content-Type": "multipart/form-data; boundary=x"}
    talk.ask(f"PUT {path}", who="staff", content=b"--y\r\nwhat?", headers=boundary)
    talk.ask(f"GET {path}")
    talk.ask(f"HEAD {path}")
    talk.ask(f"GET {path}", headers={"Range": "bytes=0-2"})
    talk.ask(f"GET {path}", headers={"Range": "bytes=5000-"})
    talk.ask("GET /products/1")


def buy(talk: Conversation) -> None:
    def order(*lines: tuple[int, int]) -> dict[str, Any]:
        return {"lines": [{"product_id": product, "quantity": quantity} for product, quantity in lines]}

    talk.ask("POST /orders", json=order((1, 1)))
    talk.ask("POST /orders", who="demo", json=order((1, 2), (7, 1)))
    talk.ask("POST /orders", who="demo", json=order((1, 1), (5, 1)))
    talk.ask("POST /orders", who="demo", json=order((1, 1), (999, 1)))
    for lines in (
        [],
        "everything",
        [{"product_id": 1, "quantity": 0}],
        [{"product_id": 1}, {"quantity": 1}],
        [{"product_id": 1}, {"product_id": 1}],
        [{"product_id": True, "quantity": "2"}],
        [{"product_id": 1.5, "quantity": None}, 3],
    ):
        talk.ask("POST /orders", who="demo", json={"lines": lines})
    wait_for_confirmations(talk, 2)
    talk.ask("GET /orders/outbox", who="staff")
    talk.ask("GET /orders/outbox", who="demo")
    for who in ("demo", "staff", ""):
        talk.ask("GET /orders", who=who)
        talk.ask("GET /orders/1", who=who)
    talk.ask("GET /orders/one", who="demo")
    for status in ("placed", "delivered", "shipped", "shipped", "delivered", "lost"):
        talk.ask("PUT /orders/1/status", who="staff", json={"status": status})
    talk.ask("PUT /orders/1/status", who="demo", json={"status": "shipped"})
    talk.ask("POST /orders", who="demo", json=order((9, 3)))
    talk.ask("POST /orders/2/cancel", who="staff")
    talk.ask("POST /orders/2/cancel", who="demo")
    talk.ask("POST /orders/2/cancel", who="demo")
    talk.ask("DELETE /products/9", who="staff")
    talk.ask("GET /products?in_stock=true&limit=100")


def wait_for_confirmations(talk: Conversation, count: int) -> None:
    """Confirmations are written after the answer, and not all servers need equally long."""
    staff = {"Authorization": f"Bearer {talk.tokens['staff']}"}
    deadline = time.monotonic() + 5
    while len(talk.client.get("/orders/outbox", headers=staff).json()) < count:
        assert time.monotonic() < deadline, "there is no confirmation"
        time.sleep(0.02)


def follow(talk: Conversation) -> None:
    def move(order_id: int, status: str) -> Callable[[], object]:
        return lambda: talk.ask(f"PUT /orders/{order_id}/status", who="staff", json={"status": status})

    def nothing() -> None: ...

    talk.ask("POST /orders", who="demo", json={"lines": [{"product_id": 8, "quantity": 2}]})
    talk.listen("/live/orders/3", "demo", events=2, then=move(3, "shipped"))
    talk.listen("/live/orders/3", "demo", events=9, then=move(3, "delivered"))
    talk.ask("GET /live/orders/1", who="demo")
    talk.ask("GET /live/orders/1", who="staff")
    talk.ask("GET /live/orders/1")
    talk.listen("/live/stock", "demo", events=4, then=nothing, **{"Last-Event-ID": "1"})
    talk.ask("GET /live/stock", headers={"Last-Event-ID": "yesterday"})
    talk.ask("POST /live/tickets")
    ticket = talk.ask("POST /live/tickets", who="demo").json()["access_token"]
    talk.ask("GET /users/me", headers={"Authorization": f"Bearer {ticket}"})
    said = ['{"text": "hello"}', "what?", '{"text": ""}', '{"txt": 1}', "[]", '{"text": "caf\\u00e9 é"}']
    talk.chat(f"?ticket={ticket}", *said)
    talk.chat(f"?ticket={talk.tokens['demo']}", "hello")
    talk.chat("?ticket=nonsense", "hello")
    talk.chat("", "hello")
    talk.chat(f"?ticket={ticket}", b"bytes where text should be")


def speak_wrongly(talk: Conversation) -> None:
    as_json = {"Content-Type": "application/json"}
    for content in (
        b'{"lines": [',
        b"",
        b"null",
        b"\xff",
        b'{"lines": NaN}',
        b'{"a": 1, "a": 2}',
    ):
        talk.ask("POST /orders", who="demo", content=content, headers=as_json)
    for content_type in ("text/plain", "application/xml", "application/problem+json", "nonsense", ""):
        headers = {"Content-Type": content_type}
        talk.ask("POST /orders", who="demo", content=b'{"lines": [{"product_id": 999}]}', headers=headers)
    talk.ask("POST /orders", who="demo", content=iter([b'{"lines": ', b"[]}"]), headers=as_json)
    talk.announce("POST /orders", 70_000)
    talk.ask("GET /products", headers={"X-Request-ID": "not a name, so it gets a new one"})
    talk.ask("POST /orders", who="demo", json={"lines": [{"product_id": 10**30, "quantity": 10**30}]})


@dataclass(frozen=True)
class Meeting:
    """One conversation, and what the server wrote into its log meanwhile."""

    answers: Answers
    log: str


@pytest.fixture(scope="module")
def meetings(start_shop: StartShop) -> tuple[Meeting, Meeting]:
    """The same conversation, first with FastAPI, then with vivace."""
    now = int(time.time())

    def meet(framework: str) -> Meeting:
        with start_shop(*SERVE_SHOP, framework, str(now), SHOP_SECRET_KEY=SECRET) as shop:
            answers = hold(shop.url, now)
            return Meeting(answers, shop.log)

    return meet("fastapi"), meet(SUBJECT)


def test_every_answer_is_the_same(meetings: tuple[Meeting, Meeting]) -> None:
    expected, actual = (meeting.answers for meeting in meetings)
    assert list(actual) == list(expected), "the conversation took another course"

    differences = [
        f"{question}\n{difference(expected[question], actual[question])}"
        for question in expected
        if actual[question] != expected[question]
    ]

    assert not differences, f"{len(differences)} of {len(expected)} answers differ:\n\n" + "\n\n".join(
        differences
    )


def test_no_error_was_logged(meetings: tuple[Meeting, Meeting]) -> None:
    for meeting in meetings:
        assert "Traceback" not in meeting.log


def test_the_conversation_saw_something(meetings: tuple[Meeting, Meeting]) -> None:
    """Equal answers prove little if all of them were the same refusal."""
    answers = meetings[0].answers
    statuses = {answer.status for answer in answers.values()}

    assert statuses >= {101, 200, 201, 204, 206, 307, 400, 401, 403, 404, 405, 409, 413, 415, 416, 422}
    assert len(answers) > 150


def difference(expected: Answer, actual: Answer) -> str:
    """Return the lines in which two answers differ: FastAPI's with a minus, vivace's with a plus."""
    left, right = lines_of(expected, indent=2), lines_of(actual, indent=2)
    if left == right:  # The same JSON, written differently.
        left, right = lines_of(expected), lines_of(actual)
    return "\n".join(line for line in difflib.ndiff(left, right) if line[0] in "+-")


def lines_of(answer: Answer, indent: int | None = None) -> list[str]:
    lines = [str(answer.status), *(f"{name}: {value}" for name, value in answer.headers)]
    if indent is not None:
        with suppress(ValueError):
            return lines + json.dumps(json.loads(answer.body), indent=indent).splitlines()
    return [*lines, repr(answer.body)]
