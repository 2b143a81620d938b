"""The documentation pages in a real browser: no other network, no script in a page, and requests that arrive."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from .conftest import Open

PROGRAM = '''
from typing import Annotated

from pydantic import BaseModel

from vivace import Depends, FastAPI, HTTPException, Request
from vivace.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

POLICIES = {
    "/docs": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'",
    "/redoc": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; worker-src blob:",
    "/scalar": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self' data:",
}

app = FastAPI(title="Tea shop", scalar_url="/scalar", description="Teas & *pots*.")
scheme = OAuth2PasswordBearer(tokenUrl="token")


class Item(BaseModel):
    """A thing for sale."""

    name: str = "teapot"
    price: float = 42.5


@app.middleware("http")
async def strict(request: Request, call_next):
    response = await call_next(request)
    if policy := POLICIES.get(request.url.path):
        response.headers["Content-Security-Policy"] = policy
    return response


@app.post("/token", tags=["users"])
async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
    """Sign in."""
    if form.password != "secret":
        raise HTTPException(401)
    return {"access_token": f"token-of-{form.username}", "token_type": "bearer"}


@app.post("/items", tags=["items"])
async def create_item(item: Item, token: Annotated[str, Depends(scheme)]) -> dict[str, str]:
    """Add a thing to the shop."""
    return {"created": item.name, "by": token}


@app.get("/items/{item_id}", tags=["items"])
async def read_item(item_id: int, q: str | None = None) -> Item:
    """Look at a thing."""
    return Item()
'''


def requested(browser: Any) -> set[str]:
    """The hosts that pages have asked, of all requests so far."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    return {urlsplit(url).netloc for url in urls if urlsplit(url).scheme in ("http", "https")}


def complaints(browser: Any) -> list[str]:
    """What the page wrote to the console as an error, refusals by the policy among them."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def keep_screenshot(browser: Any, name: str) -> None:
    """For people: `SCREENSHOTS=folder` keeps a picture of each page."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        browser.save_screenshot(str(Path(folder) / f"{name}.png"))


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "shown", "logo"),
    [
        ("/docs", "Create Item", None),
        # ReDoc asks its makers for their logo, and leaves it out when nothing comes. The policy stops the question.
        ("/redoc", "Add a thing to the shop.", "cdn.redoc.ly"),
        ("/scalar", "Sign in.", None),
    ],
)
def test_a_page_in_a_closed_network(
    serve: Any, open_browser: Open, path: str, shown: str, logo: str | None, mode: str
) -> None:
    address = serve(PROGRAM)
    browser = open_browser(*(["--force-dark-mode"] if mode == "dark" else []))
    if mode == "dark":
        feature = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)
    browser.get(address + path)
    WebDriverWait(browser, 30).until(lambda b: shown in b.find_element(By.TAG_NAME, "body").text)
    keep_screenshot(browser, f"{path.strip('/')}-{mode}")
    assert [line for line in complaints(browser) if logo is None or logo not in line] == []
    assert requested(browser) - {logo} == {urlsplit(address).netloc}
    assert is_dark(browser) == (mode == "dark")


def is_dark(browser: Any) -> bool:
    """Whether what lies behind the page's text is darker than the text."""
    ground, text = browser.execute_script(
        """
        const heading = [...document.querySelectorAll("h1, h2")].find((e) => e.textContent.includes("Tea shop"));
        let behind = heading;
        const color = (element) => getComputedStyle(element).backgroundColor;
        while (behind && /^rgba\\(.*, 0\\)$|transparent/.test(color(behind))) behind = behind.parentElement;
        return [behind ? color(behind) : "rgb(255, 255, 255)", getComputedStyle(heading).color];
        """
    )
    return brightness(browser, ground) < brightness(browser, text)


def brightness(browser: Any, color: str) -> float:
    """Of any CSS colour, as the browser paints it."""
    pixel = browser.execute_script(
        """
        const context = document.createElement("canvas").getContext("2d");
        context.fillStyle = arguments[0];
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data];
        """,
        color,
    )
    return sum(pixel[:3]) / 3


def click(browser: Any, css: str) -> None:
    element = browser.find_element(By.CSS_SELECTOR, css)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def try_out(browser: Any, operation: str) -> Any:
    """Execute an operation as readers do; the JSON of its answer."""
    click(browser, f"#{operation} .opblock-summary-control")
    click(browser, f"#{operation} .try-out__btn")
    click(browser, f"#{operation} .execute")
    return json.loads(
        browser.find_element(By.CSS_SELECTOR, f"#{operation} .live-responses-table .microlight code").text
    )


def test_try_it_out_with_authorisation(serve: Any, open_browser: Open) -> None:
    browser = open_browser()
    browser.get(serve(PROGRAM) + "/docs")
    click(browser, ".auth-wrapper .authorize")
    browser.find_element(By.ID, "oauth_username").send_keys("ada")
    browser.find_element(By.ID, "oauth_password").send_keys("secret")
    click(browser, ".modal-ux .auth-btn-wrapper .authorize")
    click(browser, ".modal-ux .btn-done")
    answer = try_out(browser, "operations-items-create_item_items_post")
    keep_screenshot(browser, "try-it-out")
    assert answer == {"created": "teapot", "by": "token-of-ada"}
    assert complaints(browser) == []


SIGN_IN_ELSEWHERE = '''
from typing import Annotated

from vivace import Depends, FastAPI, Form, Request
from vivace.responses import RedirectResponse
from vivace.security import OAuth2AuthorizationCodeBearer

app = FastAPI(swagger_ui_init_oauth={"clientId": "docs", "usePkceWithAuthorizationCodeGrant": True})
scheme = OAuth2AuthorizationCodeBearer(authorizationUrl="authorize", tokenUrl="token")


@app.middleware("http")
async def strict(request: Request, call_next):
    response = await call_next(request)
    if request.url.path.startswith("/docs"):
        policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
        response.headers["Content-Security-Policy"] = policy
    return response


@app.get("/authorize", include_in_schema=False)
async def authorize(redirect_uri: str, state: str, code_challenge: str) -> RedirectResponse:
    """The page of an authorization server whose user always agrees."""
    return RedirectResponse(f"{redirect_uri}?code=c0de&state={state}")


@app.post("/token", include_in_schema=False)
async def token(code: Annotated[str, Form()], code_verifier: Annotated[str, Form()]) -> dict[str, str]:
    return {"access_token": f"token-for-{code}", "token_type": "bearer"}


@app.get("/me")
async def read_me(token: Annotated[str, Depends(scheme)]) -> str:
    return token
'''


def test_sign_in_at_an_authorization_server(serve: Any, open_browser: Open) -> None:
    """RFC 6749, 4.1, with a proof key (RFC 7636): through a window of its own, which closes itself."""
    browser = open_browser()
    browser.get(serve(SIGN_IN_ELSEWHERE) + "/docs")
    click(browser, ".auth-wrapper .authorize")
    click(browser, ".modal-ux .auth-btn-wrapper .authorize")
    WebDriverWait(browser, 30).until(lambda b: b.find_elements(By.CSS_SELECTOR, ".modal-ux .btn-done"))
    WebDriverWait(browser, 30).until(lambda b: "Logout" in b.find_element(By.CSS_SELECTOR, ".modal-ux").text)
    assert len(browser.window_handles) == 1
    click(browser, ".modal-ux .btn-done")
    assert try_out(browser, "operations-default-read_me_me_get") == "token-for-c0de"
    assert complaints(browser) == []
