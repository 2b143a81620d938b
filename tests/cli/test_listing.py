"""`vivace routes`, `vivace explain`, `vivace openapi`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from vivace.cli.commands import cli

APP = """
from typing import Annotated

from pydantic import BaseModel

from vivace import APIRouter, Depends, FastAPI, HTTPException, Query, WebSocket
from vivace.security import OAuth2PasswordBearer

app = FastAPI()
router = APIRouter(prefix="/items", tags=["items"])


class Item(BaseModel):
    name: str


def get_settings() -> dict[str, str]:
    return {}


async def get_user(
    settings: Annotated[dict[str, str], Depends(get_settings)],
    token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))],
) -> str:
    return token


@router.get("/{item_id}")
async def read_item(
    item_id: int,
    user: Annotated[str, Depends(get_user)],
    settings: Annotated[dict[str, str], Depends(get_settings)],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Item:
    if item_id > limit:
        raise HTTPException(status_code=404)
    return Item(name=user)


@router.post("", status_code=201)
def create_item(item: Item) -> Item:
    return item


@app.websocket("/chat")
async def chat(websocket: WebSocket) -> None: ...


app.include_router(router)
"""


@pytest.fixture(autouse=True)
def program(directory: Path) -> Path:
    (directory / "main.py").write_text(APP)
    return directory


def vivace(*arguments: str, code: int = 0) -> str:
    """What a command prints on stdout; on stderr if it fails."""
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == code, result.output
    return result.stderr if code else result.stdout


# --- routes ---------------------------------------------------------------------------------------------------------


def test_routes() -> None:
    header, _, *rows = [" ".join(line.split()) for line in vivace("routes").splitlines() if line.strip()]
    assert header == "Method Path Endpoint Place Depends on Response model Runs"
    assert rows == [
        "WS /chat main:chat main.py:45 async",
        "GET /items/{item_id} main:read_item main.py:28 get_settings, OAuth2PasswordBearer, get_user main.Item async",
        "POST /items main:create_item main.py:40 main.Item thread",
    ]


def test_routes_as_json() -> None:
    (route,) = json.loads(vivace("routes", "--json", "--method", "get"))
    assert (route["methods"], route["path"], route["tags"]) == (["GET"], "/items/{item_id}", ["items"])
    assert route["endpoint"]["name"] == "main:read_item"
    assert route["dependencies"] == ["get_settings", "OAuth2PasswordBearer", "get_user"]
    assert route["is_async"] is True


@pytest.mark.parametrize(
    ("filters", "paths"),
    [
        (["--method", "POST"], ["/items"]),
        (["--method", "ws"], ["/chat"]),
        (["--path", "/items/*"], ["/items/{item_id}"]),
        (["--tag", "items"], ["/items/{item_id}", "/items"]),
        (["--tag", "nothing"], []),
        (
            ["--all", "--method", "HEAD"],
            ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"],
        ),
    ],
)
def test_filters(filters: list[str], paths: list[str]) -> None:
    assert [route["path"] for route in json.loads(vivace("routes", "--json", *filters))] == paths


# --- explain --------------------------------------------------------------------------------------------------------


def test_explain() -> None:
    shown = vivace("explain", "GET /items/{item_id}")
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    for expected in (
        "GET /items/{item_id} main:read_item (",
        "path item_id int required read_item",
        "query limit int ge=1, le=100 10 read_item",
        "1. main:get_settings in a thread, → settings of get_user, once, for 2 uses",
        "2. vivace.security.oauth2:OAuth2PasswordBearer async, → token of get_user",
        "3. main:get_user async, → user of read_item",
        "4. main:read_item async",
        "Answer: JSON, written by Pydantic straight to bytes; validated and filtered as main.Item",
        "401 OAuth2PasswordBearer finds no credentials",
        "404 main:read_item raises it",
        "422 a value is missing, or does not validate",
        "Compiled as <vivace GET /items/{item_id} main:read_item",
        "async def read_item(scope, receive, send):",
    ):
        assert any(line.startswith(expected) for line in lines), expected
    assert "\x1b" not in shown


def test_explain_finds_the_route_of_a_request() -> None:
    assert vivace("explain", "GET /items/3") == vivace("explain", "GET /items/{item_id}")
    assert vivace("explain", "WS /chat").startswith("WS /chat")
    assert vivace("explain", "/items").startswith("POST /items")


def test_explain_as_json() -> None:
    found = json.loads(vivace("explain", "POST /items", "--json"))
    (parameter,) = found["parameters"]
    assert (parameter["location"], parameter["type"], parameter["required"]) == ("body", "main.Item", True)
    assert [error["status"] for error in found["errors"]] == [400, 422, 500]
    assert found["source"].startswith("async def create_item")


def test_explain_nothing() -> None:
    assert vivace("explain", "PUT /items", code=1) == (
        "error: There is no route 'PUT /items'. There are: POST /items\n"
    )
    assert "not declared with vivace's decorators" in vivace("explain", "GET /docs", code=1)


# --- openapi --------------------------------------------------------------------------------------------------------


def test_openapi() -> None:
    document = json.loads(vivace("openapi"))
    assert list(document["paths"]) == ["/items/{item_id}", "/items"]
    assert yaml.safe_load(vivace("openapi", "--format", "yaml")) == document


@pytest.mark.parametrize("name", ["openapi.json", "openapi.yaml"])
def test_openapi_check(program: Path, name: str) -> None:
    file = program / name
    assert vivace("openapi", "--check", name, code=1).startswith(f"error: {name} does not exist.")
    vivace("openapi", "--output", name)
    assert vivace("openapi", "--check", name) == f"{name} is up to date\n"
    file.write_text(file.read_text().replace("Create Item", "Make Item"))
    result = CliRunner().invoke(cli, ["openapi", "--check", name])
    assert result.exit_code == 1
    assert "Make Item" in result.stdout and "Create Item" in result.stdout
    assert result.stderr == (
        f"error: {name} differs from the application's document. Write it anew: vivace openapi --output {name}\n"
    )


def test_how_the_file_is_laid_out_does_not_matter(program: Path) -> None:
    (program / "openapi.json").write_text(json.dumps(json.loads(vivace("openapi"))))
    vivace("openapi", "--check", "openapi.json")


def test_a_file_that_is_no_document(program: Path) -> None:
    (program / "openapi.json").write_text("{")
    assert "openapi.json is no JSON" in vivace("openapi", "--check", "openapi.json", code=1)
