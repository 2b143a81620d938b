"""Applications inside applications: each with its own document, settings and error handlers."""

from typing import Any

from vivace import FastAPI, HTTPException, Request
from vivace.responses import JSONResponse, PlainTextResponse
from vivace.staticfiles import StaticFiles
from vivace.testclient import TestClient


def shop() -> tuple[FastAPI, FastAPI]:
    """An app, and one mounted in it."""
    app, admin = FastAPI(title="Shop"), FastAPI(title="Admin")

    @app.get("/items")
    async def items(request: Request) -> Any:
        return ["shop", request.scope.get("root_path", "")]

    @admin.get("/items/{item_id}")
    async def item(item_id: int, request: Request) -> Any:
        return ["admin", item_id, request.scope["root_path"], str(request.url_for("item", item_id=3))]

    @admin.get("/secret")
    async def secret() -> None:
        raise HTTPException(403)

    app.mount("/admin", admin)
    return app, admin


def test_a_mounted_app_answers_below_its_path() -> None:
    client = TestClient(shop()[0])
    assert client.get("/items").json() == ["shop", ""]
    assert client.get("/admin/items/1").json() == ["admin", 1, "/admin", "http://testserver/admin/items/3"]
    assert client.get("/items/1").status_code == 404


def test_each_has_its_own_document() -> None:
    app, admin = shop()
    assert list(app.openapi()["paths"]) == ["/items"]
    assert list(admin.openapi()["paths"]) == ["/items/{item_id}", "/secret"]
    assert TestClient(app).get("/admin/openapi.json").json()["info"]["title"] == "Admin"


def test_each_has_its_own_error_handlers() -> None:
    app, admin = shop()
    admin.add_exception_handler(403, lambda request, exc: PlainTextResponse("admins only", 403))
    app.add_exception_handler(404, lambda request, exc: JSONResponse({"shop": "nothing here"}, 404))
    client = TestClient(app)
    assert client.get("/admin/secret").text == "admins only"
    assert client.get("/nowhere").json() == {"shop": "nothing here"}
    assert client.get("/admin/nowhere").json() == {"detail": "Not Found"}


def test_each_has_its_own_overrides() -> None:
    app, admin = shop()
    assert app.dependency_overrides is not admin.dependency_overrides


def test_any_asgi_application_may_be_mounted(tmp_path: Any) -> None:
    (tmp_path / "logo.txt").write_text("a note")
    app = FastAPI()
    app.mount("/static", StaticFiles(directory=tmp_path), name="static")
    client = TestClient(app)
    assert client.get("/static/logo.txt").text == "a note"
    assert client.get("/static/other.txt").status_code == 404
    assert app.url_path_for("static", path="/logo.txt") == "/static/logo.txt"


def test_an_app_behind_a_proxy_knows_its_prefix() -> None:
    app, _ = shop()
    client = TestClient(app, root_path="/api")
    assert client.get("/api/items").json() == ["shop", "/api"]
    assert client.get("/api/openapi.json").json()["servers"] == [{"url": "/api"}]
