"""What `debug=True` answers when an endpoint fails."""

from __future__ import annotations

import html
import re
from typing import Annotated, Any

import pytest

from vivace import APIRouter, Depends, FastAPI, Header, Request
from vivace.testclient import TestClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class ShopError(Exception):
    pass


def get_price(item_id: int) -> float:
    return 100 / item_id


def application(**settings: Any) -> FastAPI:
    app = FastAPI(debug=True, **settings)
    router = APIRouter(prefix="/shop")

    @router.get("/items/{item_id}")
    async def read_item(
        price: Annotated[float, Depends(get_price)],
        limit: int = 10,
        x_token: Annotated[str, Header()] = "",
    ) -> float:
        return price

    @router.get("/chained")
    async def chained() -> None:
        try:
            get_price(0)
        except ZeroDivisionError as error:
            raise ShopError("no <price>") from error

    app.include_router(router)
    return app


def ask(path: str, headers: dict[str, str], app: FastAPI | None = None) -> Any:
    client = TestClient(app or application(), raise_server_exceptions=False)
    return client.get(path, headers=headers)


def words(page: str) -> str:
    """The text of a page."""
    without_style = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without_style)).split())


def test_a_page_for_people() -> None:
    answer = ask("/shop/items/0?limit=3", BROWSER)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    text = words(answer.text)
    for part in (
        "GET /shop/items/0, answered by",
        "ZeroDivisionError division by zero",
        "Path parameters item_id 0",
        "Query limit 3",
        "path item_id int",
        "query limit int = 10",
        "header x-token str = ''",
        "The compiled function, <vivace GET /shop/items/{item_id}",
    ):
        assert part in text, part


def test_the_users_frames_come_first() -> None:
    page = ask("/shop/items/0", BROWSER).text
    frames = re.findall(r"<details class='frame( own)?'( open)?><summary>(.*?), in <b>(.*?)</b>", page)
    assert (frames[0][0], frames[0][1], frames[0][3]) == (" own", " open", "get_price")
    assert __file__ in html.unescape(frames[0][2])
    assert "return 100 / item_id" in words(page[: page.index("All ")])


def test_what_it_was_raised_from_is_shown_and_all_text_escaped() -> None:
    page = ask("/shop/chained?<b>=<i>", BROWSER).text
    assert "ShopError" in words(page) and "Before that: ZeroDivisionError" in words(page)
    assert "no &lt;price&gt;" in page
    assert "<price>" not in page and "<i>=" not in page


def test_the_page_lets_no_script_run() -> None:
    answer = ask("/shop/items/0", BROWSER)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text


SECRETS = {
    "Authorization": "Bearer hush-1",
    "Cookie": "theme=hush-2",
    "X-API-Key": "hush-3",
    "X-Token": "hush-4",
    "X-Session-Id": "hush-5",
}


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_secrets_are_masked(accept: str) -> None:
    answer = ask("/shop/items/0?token=hush-6&limit=3", {**SECRETS, "Accept": accept, "X-Trace": "seen"})
    assert "seen" in answer.text
    assert "hush" not in answer.text


def test_json_for_programs() -> None:
    answer = ask("/shop/items/0?limit=3", {"Accept": "application/json"})
    assert answer.status_code == 500
    told = answer.json()
    assert told["detail"] == "Internal Server Error"
    (error,) = told["debug"]["errors"]
    assert (error["type"], error["message"]) == ("ZeroDivisionError", "division by zero")
    assert [frame["function"] for frame in error["frames"] if frame["is_users"]] == ["get_price"]
    assert error["frames"][-1]["code"] == "return 100 / item_id"
    assert told["debug"]["request"]["query"] == [["limit", "3"]]
    assert [call["place"]["name"].rpartition(".")[2] for call in told["debug"]["plan"]["steps"]] == [
        f"{__name__}:get_price".rpartition(".")[2],
        "read_item",
    ]


def test_others_get_the_traceback_as_text() -> None:
    answer = ask("/shop/items/0", {"Accept": "*/*"})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("Traceback (most recent call last):")
    assert answer.text.endswith("ZeroDivisionError: division by zero\n")


def test_inside_middleware_too() -> None:
    app = application()

    @app.middleware("http")
    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    text = words(ask("/shop/items/0", BROWSER, app).text)
    assert "ZeroDivisionError" in text and "path item_id int" in text


def test_a_group_shows_its_members() -> None:
    app = FastAPI(debug=True)

    @app.get("/")
    async def fail() -> None:
        raise ExceptionGroup("two at once", [ShopError("first"), ZeroDivisionError("second")])

    text = words(ask("/", BROWSER, app).text)
    assert "In the group: tests.debug.test_error_pages.ShopError first" in text
    assert "In the group: ZeroDivisionError second" in text


def test_an_error_that_cannot_say_what_it_is() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    app = FastAPI(debug=True)

    @app.get("/")
    async def fail() -> None:
        raise Mute

    for accept in ("text/html", "application/json"):
        answer = ask("/", {"Accept": accept}, app)
        assert answer.status_code == 500
        assert "(its message cannot be shown)" in answer.text


def test_a_failure_outside_of_routes() -> None:
    app = FastAPI(debug=True)

    async def fail(request: Request) -> Any:
        raise ShopError("plain")

    app.add_route("/plain", fail)
    page = ask("/plain", BROWSER, app).text
    assert "ShopError plain" in words(page)
    assert "<h2>The request</h2>" in page and "<h2>The plan</h2>" not in page


def test_without_debug_nothing_is_told() -> None:
    answer = ask("/shop/items/0", BROWSER, _quiet())
    assert answer.text == "Internal Server Error"


def _quiet() -> FastAPI:
    app = application()
    app.debug = False
    return app
