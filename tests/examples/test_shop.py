"""The shop in daily use: a real server, real connections, customers who make mistakes."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from .conftest import StartShop
from .running import SHOP_DIR, RunningShop

SECRET = "a secret that is only used in these tests"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(1000)
JPEG = b"\xff\xd8\xff" + bytes(1000)
MEBIBYTE = 1024 * 1024

NewProduct = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def shop(start_shop: StartShop) -> Iterator[RunningShop]:
    with start_shop(SHOP_SECRET_KEY=SECRET) as shop:
        yield shop


@pytest.fixture(scope="module")
def visitor(shop: RunningShop) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, timeout=10) as client:
        yield client


@pytest.fixture(scope="module")
def demo(shop: RunningShop) -> Iterator[httpx.Client]:
    with signed_in(shop, "demo", "demo-password") as client:
        yield client


@pytest.fixture(scope="module")
def staff(shop: RunningShop) -> Iterator[httpx.Client]:
    with signed_in(shop, "staff", "staff-password") as client:
        yield client


def signed_in(shop: RunningShop, username: str, password: str, scope: str = "") -> httpx.Client:
    form = {"username": username, "password": password, "scope": scope}
    answer = httpx.post(f"{shop.url}/token", data=form)
    assert answer.status_code == 200, answer.text
    return with_token(shop, answer.json()["access_token"])


def with_token(shop: RunningShop, token: str) -> httpx.Client:
    return httpx.Client(base_url=shop.url, headers={"Authorization": f"Bearer {token}"}, timeout=10)


@pytest.fixture
def new_product(staff: httpx.Client) -> NewProduct:
    """Return a function that puts a new product on the shelf, so that tests do not share one."""
    numbers = count(1)

    def create(**fields: Any) -> dict[str, Any]:
        product = {"name": f"Thing {next(numbers)}", "category": "desk", "price_cents": 500, "stock": 10}
        answer = staff.post("/products", json=product | fields)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    return create


def order_of(*lines: tuple[dict[str, Any], int]) -> dict[str, Any]:
    return {"lines": [{"product_id": product["id"], "quantity": quantity} for product, quantity in lines]}


def errors_of(answer: httpx.Response) -> list[tuple[str, list[Any]]]:
    """Return type and place of every error in a 422 answer."""
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "invalid_request"
    return [(error["type"], error["loc"]) for error in answer.json()["detail"]]


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def status_of_announcement(client: httpx.Client, method: str, path: str, length: int) -> int:
    """Announce a body, and return the status of an answer that does not wait for it."""
    headers = {"Authorization": client.headers["authorization"], "Content-Length": str(length)}
    with closing(HTTPConnection(client.base_url.host, client.base_url.port, timeout=10)) as connection:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status


# Catalogue


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("search=KNIFE", ["Bread Knife"]),
        ("search=stout", ["Teapot"]),
        ("search=%25%25", []),
        ("category=garden", ["Secateurs", "Tomato Seeds", "Watering Can"]),
        ("category=garden&in_stock=yes", ["Tomato Seeds", "Watering Can"]),
        ("category=garden&category=kitchen&max_price_cents=1000", ["Egg Timer", "Tomato Seeds"]),
        ("category=kitchen&sort=price", ["Egg Timer", "Bread Knife", "Teapot"]),
        ("category=kitchen&sort=-price&limit=1&offset=1", ["Bread Knife"]),
        ("category=kitchen&offset=3", []),
    ],
)
def test_search_products(visitor: httpx.Client, query: str, names: list[str]) -> None:
    answer = visitor.get(f"/products?{query}")

    assert answer.status_code == 200, answer.text
    assert [product["name"] for product in answer.json()["items"]] == names


def test_pages_say_where_they_are(visitor: httpx.Client) -> None:
    page = visitor.get("/products", params={"category": "garden", "limit": 2, "offset": 2}).json()

    assert (page["total"], page["limit"], page["offset"], len(page["items"])) == (3, 2, 2, 1)


@pytest.mark.parametrize(
    ("query", "error", "place"),
    [
        ("limit=0", "greater_than_equal", ["query", "limit"]),
        ("limit=101", "less_than_equal", ["query", "limit"]),
        ("limit=many", "int_parsing", ["query", "limit"]),
        ("offset=9999999999999999999999", "less_than_equal", ["query", "offset"]),
        ("search=x", "string_too_short", ["query", "search"]),
        ("category=desk&category=sofa", "enum", ["query", "category", 1]),
        ("sort=luck", "literal_error", ["query", "sort"]),
        ("in_stock=perhaps", "bool_parsing", ["query", "in_stock"]),
        ("colour=blue", "extra_forbidden", ["query", "colour"]),
        ("min_price_cents=2&max_price_cents=1", "value_error", ["query"]),
    ],
)
def test_bad_searches_are_explained(visitor: httpx.Client, query: str, error: str, place: list[Any]) -> None:
    assert errors_of(visitor.get(f"/products?{query}")) == [(error, place)]


def test_read_product(visitor: httpx.Client) -> None:
    assert visitor.get("/products/1").json() == {
        "id": 1,
        "name": "Teapot",
        "description": "Stoneware, 1.2 litres. Short and stout.",
        "category": "kitchen",
        "price_cents": 3450,
        "stock": 12,
        "picture_url": None,
    }


def test_products_that_do_not_exist(visitor: httpx.Client) -> None:
    assert problem_of(visitor.get("/products/999999")) == (404, "not_found")
    assert errors_of(visitor.get("/products/teapot")) == [("int_parsing", ["path", "product_id"])]
    assert errors_of(visitor.get("/products/0")) == [("greater_than_equal", ["path", "product_id"])]
    assert errors_of(visitor.get(f"/products/{10**30}")) == [("less_than_equal", ["path", "product_id"])]


def test_export_is_one_product_a_line(visitor: httpx.Client) -> None:
    with visitor.stream("GET", "/products/export") as answer:
        products = [json.loads(line) for line in answer.iter_lines()]

    assert answer.headers["content-type"] == "application/jsonl"
    assert [product["id"] for product in products] == sorted(product["id"] for product in products)
    assert products[0] == visitor.get("/products/1").json()
    assert len(products) == visitor.get("/products").json()["total"]


def test_staff_manage_products(staff: httpx.Client, visitor: httpx.Client) -> None:
    mug = {"name": "Mug", "description": "", "category": "kitchen", "price_cents": 800, "stock": 5}
    created = staff.post("/products", json=mug)
    path = f"/products/{created.json()['id']}"
    assert created.status_code == 201
    assert created.headers["location"] == f"{visitor.base_url}".rstrip("/") + path
    assert created.json() == mug | {"id": created.json()["id"], "picture_url": None}

    changed = staff.patch(path, json={"price_cents": 700, "name": None})
    assert changed.json() == created.json() | {"price_cents": 700}
    assert visitor.get(path).json() == changed.json()

    deleted = staff.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert problem_of(visitor.get(path)) == (404, "not_found")


def test_bad_products_are_explained(staff: httpx.Client) -> None:
    answer = staff.post("/products", json={"name": "A", "category": "sofa", "price_cents": -1, "stock": 1.5})

    assert errors_of(answer) == [
        ("string_too_short", ["body", "name"]),
        ("enum", ["body", "category"]),
        ("greater_than_equal", ["body", "price_cents"]),
        ("int_from_float", ["body", "stock"]),
    ]


def test_only_staff_manage_products(visitor: httpx.Client, demo: httpx.Client) -> None:
    product = {"name": "Mug", "category": "kitchen", "price_cents": 800}

    nobody = visitor.post("/products", json=product)
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
    customer = demo.post("/products", json=product)
    assert customer.status_code == 403
    assert customer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="staff"'


# Users


def test_register_and_sign_in(shop: RunningShop, visitor: httpx.Client) -> None:
    grace = {"username": "grace", "full_name": "Grace Hopper", "password": "nanosecond"}
    registered = visitor.post("/users", json=grace)
    assert registered.status_code == 201
    assert registered.json() == {
        "id": registered.json()["id"],
        "username": "grace",
        "full_name": "Grace Hopper",
        "is_staff": False,
    }
    with signed_in(shop, "grace", "nanosecond") as client:
        assert client.get("/users/me").json() == registered.json()

    assert problem_of(visitor.post("/users", json=grace)) == (409, "username_taken")


def test_passwords_are_not_echoed(visitor: httpx.Client) -> None:
    answer = visitor.post("/users", json={"username": "No!", "password": "hunter2"})

    assert "hunter2" not in answer.text


def test_bad_registrations_are_explained(visitor: httpx.Client) -> None:
    answer = visitor.post("/users", json={"username": "No!", "password": "short"})

    assert errors_of(answer) == [
        ("string_pattern_mismatch", ["body", "username"]),
        ("missing", ["body", "full_name"]),
        ("string_too_short", ["body", "password"]),
    ]


@pytest.mark.parametrize("username", ["demo", "nobody"])
def test_wrong_passwords_get_no_token(visitor: httpx.Client, username: str) -> None:
    answer = visitor.post("/token", data={"username": username, "password": "guess"})

    assert (answer.status_code, answer.json()) == (401, {"detail": "Wrong username or password."})


def test_a_token_needs_a_form(visitor: httpx.Client) -> None:
    assert errors_of(visitor.post("/token", json={"username": "demo"})) == [
        ("missing", ["body", "username"]),
        ("missing", ["body", "password"]),
    ]


@pytest.mark.parametrize(
    ("username", "asked", "granted"),
    [
        ("demo", "", "orders profile"),
        ("demo", "profile", "profile"),
        ("demo", "profile staff chat-ticket", "profile"),
        ("staff", "", "orders profile staff"),
    ],
)
def test_tokens_grant_what_is_asked_and_allowed(
    visitor: httpx.Client, username: str, asked: str, granted: str
) -> None:
    form = {"username": username, "password": f"{username}-password", "scope": asked}
    token = visitor.post("/token", data=form).json()

    assert (token["scope"], token["expires_in"], token["token_type"]) == (granted, 1800, "bearer")


def test_a_narrow_token_does_not_reach_further(shop: RunningShop) -> None:
    with signed_in(shop, "demo", "demo-password", scope="profile") as client:
        assert client.get("/users/me").status_code == 200
        assert client.get("/orders").status_code == 403


@pytest.mark.parametrize(
    ("claims", "secret"),
    [
        ({}, "another secret, just as long as the real one"),
        ({"exp": datetime.now(UTC) - timedelta(minutes=1)}, SECRET),
        ({"sub": "somebody-who-left"}, SECRET),
        ({"exp": None}, SECRET),
    ],
    ids=["forged", "expired", "unknown-user", "no-expiry"],
)
def test_bad_tokens_are_refused(shop: RunningShop, claims: dict[str, Any], secret: str) -> None:
    good = {"sub": "demo", "scope": "profile", "exp": datetime.now(UTC) + timedelta(minutes=1)}
    merged = {name: value for name, value in (good | claims).items() if value is not None}
    with with_token(shop, jwt.encode(good, SECRET)) as client:
        assert client.get("/users/me").status_code == 200
    with with_token(shop, jwt.encode(merged, secret)) as client:
        answer = client.get("/users/me")

    assert (answer.status_code, answer.json()) == (401, {"detail": "The access token is not valid."})
    assert answer.headers["www-authenticate"] == "Bearer"


# Orders


def test_order_ship_and_deliver(demo: httpx.Client, staff: httpx.Client, new_product: NewProduct) -> None:
    chair = new_product(price_cents=4000, stock=5)
    table = new_product(price_cents=9000, stock=2)
    created = demo.post("/orders", json=order_of((chair, 4), (table, 1)))
    assert created.status_code == 201, created.text
    order = created.json()
    assert order == {
        "id": order["id"],
        "status": "placed",
        "created_at": order["created_at"],
        "lines": [
            {"product_id": chair["id"], "quantity": 4, "price_cents": 4000},
            {"product_id": table["id"], "quantity": 1, "price_cents": 9000},
        ],
        "total_cents": 25000,
    }
    age = datetime.now(UTC) - datetime.fromisoformat(order["created_at"])
    assert timedelta(0) <= age < timedelta(minutes=1)
    assert demo.get(f"/products/{chair['id']}").json()["stock"] == 1
    assert demo.get(f"/orders/{order['id']}").json() == order
    assert demo.get("/orders").json()[0] == order

    for status in ("shipped", "delivered"):
        moved = staff.put(f"/orders/{order['id']}/status", json={"status": status})
        assert moved.json() == order | {"status": status}
    assert problem_of(demo.post(f"/orders/{order['id']}/cancel")) == (409, "wrong_status")


def test_confirmations_reach_the_outbox(
    demo: httpx.Client, staff: httpx.Client, new_product: NewProduct
) -> None:
    order = demo.post("/orders", json=order_of((new_product(price_cents=1250), 2))).json()

    def confirmation() -> dict[str, Any] | None:
        subject = f"Your order {order['id']}"
        return next(
            (message for message in staff.get("/orders/outbox").json() if message["subject"] == subject), None
        )

    message = wait_for(confirmation)
    assert (message["recipient"], message["body"]) == (
        "demo",
        "Thank you! We have received your order for €25.00.",
    )


def wait_for(find: Callable[[], Any], seconds: float = 5) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := find():
            return found
        time.sleep(0.02)
    pytest.fail(f"{find.__name__} did not appear")


def test_an_order_is_all_or_nothing(demo: httpx.Client, new_product: NewProduct) -> None:
    plenty, scarce = new_product(stock=10), new_product(name="Rare Thing", stock=1)
    before = demo.get("/orders").json()

    refused = demo.post("/orders", json=order_of((plenty, 3), (scarce, 2)))

    assert refused.status_code == 409
    assert refused.json() == {"code": "out_of_stock", "detail": "Only 1 left of 'Rare Thing'."}
    assert demo.get(f"/products/{plenty['id']}").json()["stock"] == 10
    assert demo.get("/orders").json() == before
    assert problem_of(demo.post("/orders", json=order_of((plenty, 1), ({"id": 999999}, 1)))) == (
        404,
        "not_found",
    )
    assert demo.get(f"/products/{plenty['id']}").json()["stock"] == 10


def test_the_last_pieces_are_sold_once(demo: httpx.Client, new_product: NewProduct) -> None:
    product = new_product(stock=3)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: demo.post("/orders", json=order_of((product, 1))), range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
    assert demo.get(f"/products/{product['id']}").json()["stock"] == 0


def test_a_cancelled_order_goes_back_on_the_shelf(demo: httpx.Client, new_product: NewProduct) -> None:
    product = new_product(stock=5)
    order = demo.post("/orders", json=order_of((product, 5))).json()
    assert demo.get(f"/products/{product['id']}").json()["stock"] == 0

    cancelled = demo.post(f"/orders/{order['id']}/cancel")

    assert cancelled.json() == order | {"status": "cancelled"}
    assert demo.get(f"/products/{product['id']}").json()["stock"] == 5
    assert problem_of(demo.post(f"/orders/{order['id']}/cancel")) == (409, "wrong_status")
    assert demo.get(f"/products/{product['id']}").json()["stock"] == 5


def test_orders_are_private(demo: httpx.Client, staff: httpx.Client, new_product: NewProduct) -> None:
    order = demo.post("/orders", json=order_of((new_product(), 1))).json()

    assert problem_of(staff.get(f"/orders/{order['id']}")) == (404, "not_found")
    assert order["id"] not in [other["id"] for other in staff.get("/orders").json()]
    assert demo.put(f"/orders/{order['id']}/status", json={"status": "shipped"}).status_code == 403
    assert demo.get("/orders/outbox").status_code == 403


def test_ordered_products_cannot_be_deleted(
    demo: httpx.Client, staff: httpx.Client, new_product: NewProduct
) -> None:
    product = new_product()
    demo.post("/orders", json=order_of((product, 1)))

    assert problem_of(staff.delete(f"/products/{product['id']}")) == (409, "product_in_use")


@pytest.mark.parametrize(
    ("lines", "error", "place"),
    [
        ([], "too_short", ["body", "lines"]),
        ([{"product_id": 1, "quantity": 0}], "greater_than_equal", ["body", "lines", 0, "quantity"]),
        ([{"product_id": 1}, {"quantity": 1}], "missing", ["body", "lines", 1, "product_id"]),
        ([{"product_id": 1}, {"product_id": 1}], "value_error", ["body", "lines"]),
        ("everything", "list_type", ["body", "lines"]),
    ],
)
def test_bad_orders_are_explained(demo: httpx.Client, lines: Any, error: str, place: list[Any]) -> None:
    assert errors_of(demo.post("/orders", json={"lines": lines})) == [(error, place)]


def test_an_order_cannot_be_set_back(
    demo: httpx.Client, staff: httpx.Client, new_product: NewProduct
) -> None:
    order = demo.post("/orders", json=order_of((new_product(), 1))).json()

    answer = staff.put(f"/orders/{order['id']}/status", json={"status": "placed"})
    assert errors_of(answer) == [("literal_error", ["body", "status"])]
    answer = staff.put(f"/orders/{order['id']}/status", json={"status": "delivered"})
    assert problem_of(answer) == (409, "wrong_status")


# Pictures


@pytest.mark.parametrize(("content", "media_type"), [(PNG, "image/png"), (JPEG, "image/jpeg")])
def test_upload_and_fetch_a_picture(
    staff: httpx.Client,
    visitor: httpx.Client,
    new_product: NewProduct,
    content: bytes,
    media_type: str,
) -> None:
    path = f"/products/{new_product()['id']}"
    assert problem_of(visitor.get(f"{path}/picture")) == (404, "not_found")

    uploaded = staff.put(f"{path}/picture", files={"picture": ("liar.txt", content, "text/plain")})

    assert uploaded.status_code == 200, uploaded.text
    assert uploaded.json()["picture_url"] == f"{path}/picture"
    picture = visitor.get(uploaded.json()["picture_url"])
    assert (picture.headers["content-type"], picture.content) == (media_type, content)
    part = visitor.get(f"{path}/picture", headers={"Range": "bytes=0-2"})
    assert (part.status_code, part.content) == (206, content[:3])

    assert staff.delete(path).status_code == 204
    assert problem_of(visitor.get(f"{path}/picture")) == (404, "not_found")


def test_bad_pictures_are_refused(staff: httpx.Client, demo: httpx.Client, new_product: NewProduct) -> None:
    path = f"/products/{new_product()['id']}/picture"

    def upload(client: httpx.Client, content: bytes) -> httpx.Response:
        return client.put(path, files={"picture": ("picture.png", content, "image/png")})

    assert problem_of(upload(staff, b"<svg/>")) == (415, "unsupported_picture")
    assert problem_of(upload(staff, PNG.ljust(2 * MEBIBYTE + 1))) == (413, "picture_too_large")
    assert status_of_announcement(staff, "PUT", path, 3 * MEBIBYTE) == 413
    assert upload(demo, PNG).status_code == 403
    assert errors_of(staff.put(path, data={"picture": "text"})) == [("value_error", ["body", "picture"])]
    assert errors_of(staff.put(path)) == [("missing", ["body", "picture"])]
    assert staff.get(path).status_code == 404
    assert upload(staff, PNG.ljust(2 * MEBIBYTE)).status_code == 200


# Live


def read_event(lines: Iterator[str]) -> dict[str, str]:
    """Return the fields of the next server-sent event; comments are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line and fields:
            break
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
    return fields


def test_stock_levels_are_live_and_can_be_caught_up_with(
    staff: httpx.Client, demo: httpx.Client, visitor: httpx.Client, new_product: NewProduct
) -> None:
    product = new_product(stock=9)
    with visitor.stream("GET", "/live/stock") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert [next(lines), next(lines)] == [": connected", ""]
        demo.post("/orders", json=order_of((product, 2)))
        first = read_event(lines)
        staff.patch(f"/products/{product['id']}", json={"stock": 50})
        second = read_event(lines)

    assert (first["event"], json.loads(first["data"])) == ("stock", {"product_id": product["id"], "stock": 7})
    assert json.loads(second["data"]) == {"product_id": product["id"], "stock": 50}

    with visitor.stream("GET", "/live/stock", headers={"Last-Event-ID": first["id"]}) as stream:
        assert read_event(stream.iter_lines()) == second


def test_an_order_can_be_followed_to_its_end(
    demo: httpx.Client, staff: httpx.Client, new_product: NewProduct
) -> None:
    mine, other = (demo.post("/orders", json=order_of((new_product(), 1))).json()["id"] for _ in range(2))

    with demo.stream("GET", f"/live/orders/{mine}") as stream:
        lines = stream.iter_lines()
        seen = [json.loads(read_event(lines)["data"])]
        for order_id, status in [(other, "cancelled"), (mine, "shipped"), (mine, "delivered")]:
            staff.put(f"/orders/{order_id}/status", json={"status": status})
        seen += [json.loads(read_event(lines)["data"]) for _ in range(2)]
        assert list(lines) == []

    assert [progress["status"] for progress in seen] == ["placed", "shipped", "delivered"]
    assert {progress["order_id"] for progress in seen} == {mine}
    assert problem_of(staff.get(f"/live/orders/{mine}")) == (404, "not_found")


def join_chat(shop: RunningShop, client: httpx.Client) -> ClientConnection:
    ticket = client.post("/live/tickets").json()["access_token"]
    return connect(f"{shop.url.replace('http', 'ws')}/live/chat?ticket={ticket}")


def test_chat(shop: RunningShop, demo: httpx.Client, staff: httpx.Client) -> None:
    with join_chat(shop, demo) as customer, join_chat(shop, staff) as clerk:
        customer.send('{"text": "Do you sell rugs?"}')
        question = {"text": "Do you sell rugs?", "username": "demo"}
        assert json.loads(customer.recv(5)) == json.loads(clerk.recv(5)) == question
        clerk.send('{"text": "Not today."}')
        assert (
            json.loads(customer.recv(5))
            == json.loads(clerk.recv(5))
            == {
                "text": "Not today.",
                "username": "staff",
            }
        )

        customer.send("rugs!")
        assert json.loads(customer.recv(5))["errors"][0]["type"] == "json_invalid"
        customer.send('{"text": ""}')
        assert json.loads(customer.recv(5))["errors"][0]["type"] == "string_too_short"
        customer.close()
        clerk.send('{"text": "Gone."}')
        assert json.loads(clerk.recv(5))["text"] == "Gone."


def test_the_chat_takes_text_only(shop: RunningShop, demo: httpx.Client) -> None:
    with join_chat(shop, demo) as customer:
        customer.send(b"bytes")
        with pytest.raises(ConnectionClosed) as closed:
            customer.recv(5)

    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1003, "Send text, please.")


def test_the_chat_needs_a_ticket(shop: RunningShop, demo: httpx.Client) -> None:
    address = f"{shop.url.replace('http', 'ws')}/live/chat"
    access_token = demo.headers["authorization"].removeprefix("Bearer ")
    ticket = demo.post("/live/tickets").json()["access_token"]

    for query in ("", "?ticket=nonsense", f"?ticket={access_token}"):
        with pytest.raises(InvalidStatus) as refused, connect(address + query):
            pass
        assert refused.value.response.status_code == 403
    with with_token(shop, ticket) as client:
        assert client.get("/users/me").status_code == 403


# Around the endpoints


def test_answers_are_labelled(visitor: httpx.Client) -> None:
    named = visitor.get("/products", headers={"X-Request-ID": "my-request_1"})
    assert named.headers["x-request-id"] == "my-request_1"
    assert float(named.headers["x-process-time"]) > 0
    unnamed = visitor.get("/nowhere", headers={"X-Request-ID": "not a name"})
    assert unnamed.status_code == 404
    assert re.fullmatch(r"[0-9a-f]{32}", unnamed.headers["x-request-id"])


def test_other_origins(visitor: httpx.Client) -> None:
    friend, stranger = "http://localhost:3000", "http://elsewhere.example"
    preflight = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}

    assert (
        visitor.get("/products", headers={"Origin": friend}).headers["access-control-allow-origin"] == friend
    )
    assert "access-control-allow-origin" not in visitor.get("/products", headers={"Origin": stranger}).headers
    assert visitor.options("/orders", headers=preflight | {"Origin": friend}).status_code == 200
    assert visitor.options("/orders", headers=preflight | {"Origin": stranger}).status_code == 400


def test_bodies_that_are_not_json(demo: httpx.Client) -> None:
    json_type = {"Content-Type": "application/json"}

    broken = demo.post("/orders", content='{"lines": [', headers=json_type)
    assert errors_of(broken)[0][0] == "json_invalid"
    assert errors_of(demo.post("/orders", content='{"lines": NaN}', headers=json_type)) == [
        ("list_type", ["body", "lines"])
    ]
    untyped = demo.post("/orders", content='{"lines": []}')
    assert errors_of(untyped) == [("model_attributes_type", ["body"])]
    assert errors_of(demo.post("/orders")) == [("missing", ["body"])]
    assert status_of_announcement(demo, "POST", "/orders", 65 * 1024) == 413


def test_wrong_paths_and_methods(visitor: httpx.Client) -> None:
    assert visitor.get("/nowhere").status_code == 404
    refused = visitor.put("/products")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


def test_pages_for_people(visitor: httpx.Client) -> None:
    front_page = visitor.get("/")
    assert front_page.headers["content-type"] == "text/html; charset=utf-8"
    for link in ("/docs", "/redoc", "/products/export"):
        assert f'href="{link}"' in front_page.text
        assert visitor.get(link).status_code == 200


def test_the_schema_documents_the_shop(visitor: httpx.Client) -> None:
    schema = visitor.get("/openapi.json").json()

    assert "demo-password" in schema["info"]["description"]
    assert [tag["name"] for tag in schema["tags"]] == ["catalogue", "pictures", "users", "orders", "live"]
    create_order = schema["paths"]["/orders"]["post"]
    assert create_order["operationId"] == "orders-create_order"
    assert create_order["security"] == [{"OAuth2PasswordBearer": ["orders"]}]
    assert list(create_order["responses"]) == ["201", "404", "409", "422"]
    export = schema["paths"]["/products/export"]["get"]["responses"]["200"]["content"]
    assert list(export) == ["application/jsonl"]


def test_no_error_was_logged(shop: RunningShop) -> None:
    """Stands last: whatever the tests above have done, nothing fell over."""
    assert "Traceback" not in shop.log
    assert "ERROR" not in shop.log


# Start and stop


def test_an_unconfigured_shop_warns_about_its_secret(start_shop: StartShop) -> None:
    with start_shop() as shop:
        assert "SHOP_SECRET_KEY is not set" in shop.log
        assert shop.interrupt() == 0


def test_orders_and_tokens_survive_a_restart(start_shop: StartShop, tmp_path: Path) -> None:
    settings = {"SHOP_DATA_DIR": str(tmp_path), "SHOP_SECRET_KEY": SECRET}
    with start_shop(**settings) as shop:
        assert "SHOP_SECRET_KEY" not in shop.log
        with signed_in(shop, "demo", "demo-password") as client:
            token = client.headers["authorization"].removeprefix("Bearer ")
            order = client.post("/orders", json={"lines": [{"product_id": 1}]}).json()
        assert shop.interrupt() == 0
        assert "Application shutdown complete" in shop.log
    with start_shop(**settings) as shop, with_token(shop, token) as client:
        assert client.get("/orders").json() == [order]
        assert client.get("/products").json()["total"] == 9


def test_demo_data_can_be_left_out(start_shop: StartShop) -> None:
    with start_shop(SHOP_DEMO_DATA="no") as shop:
        assert httpx.get(f"{shop.url}/products").json()["total"] == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands of the README use curl")
def test_the_commands_of_the_readme(start_shop: StartShop) -> None:
    readme = (SHOP_DIR / "README.md").read_text()
    [session] = [block for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) if "curl" in block]
    with start_shop() as shop:
        script = "set -euo pipefail\n" + session.replace("http://127.0.0.1:8000", shop.url)
        done = subprocess.run(
            ["bash", "-c", script], cwd=SHOP_DIR, capture_output=True, text=True, timeout=60
        )

    assert done.returncode == 0, done.stderr
    assert '"status":"placed"' in done.stdout
    assert '"picture_url":"/products/1/picture"' in done.stdout
    assert done.stdout.count('"name":') >= 10
