"""A bank in one file, which answers every error in one shape: problem details (RFC 9457).

    uvicorn main:app
    curl -i 127.0.0.1:8000/accounts/9
    curl -i 127.0.0.1:8000/accounts/1/withdrawals --json '{"cents": -1}'

Four kinds of error, each with its handler: a request that does not validate, an `HTTPException`, an exception of the
program's own, and whatever nobody thought of.
"""

import logging
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from vivace import FastAPI, HTTPException, Request
from vivace.exception_handlers import http_exception_handler
from vivace.exceptions import RequestValidationError
from vivace.responses import JSONResponse, Response

logger = logging.getLogger("bank")

app = FastAPI(title="Bank")

# --- the bank ---------------------------------------------------------------------------------------------------------

accounts = {1: 100_00, 2: 0}


class OverdrawnError(Exception):
    """An account does not hold what is to be taken from it."""

    def __init__(self, account_id: int, missing: int) -> None:
        super().__init__(f"account {account_id} lacks {missing} cents")
        self.account_id = account_id
        self.missing = missing


class Withdrawal(BaseModel):
    cents: int = Field(gt=0, le=1_000_00)
    note: str = Field(default="", max_length=20)


class Balance(BaseModel):
    account_id: int
    cents: int


@app.get("/accounts/{account_id}")
async def read_balance(account_id: int) -> Balance:
    if account_id not in accounts:
        raise HTTPException(
            404, f"there is no account {account_id}", headers={"X-Accounts": str(len(accounts))}
        )
    return Balance(account_id=account_id, cents=accounts[account_id])


@app.post("/accounts/{account_id}/withdrawals")
async def withdraw(account_id: int, withdrawal: Withdrawal) -> Balance:
    balance = await read_balance(account_id)
    missing = withdrawal.cents - balance.cents
    if missing > 0:
        raise OverdrawnError(account_id, missing)
    accounts[account_id] -= withdrawal.cents
    return Balance(account_id=account_id, cents=accounts[account_id])


@app.get("/interest")
async def read_interest(years: int = 1) -> float:
    return 100 / years  # nobody has thought of years=0


# --- its errors -------------------------------------------------------------------------------------------------------


def problem(status: int, detail: str, headers: Any = None, **extensions: Any) -> JSONResponse:
    """Problem details: `{"title": "Not Found", "status": 404, "detail": …}`, and what the kind of error adds."""
    content = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extensions}
    return JSONResponse(content, status, headers, media_type="application/problem+json")


@app.exception_handler(RequestValidationError)
async def not_valid(request: Request, error: RequestValidationError) -> JSONResponse:
    mistakes = [
        {"where": ".".join(str(part) for part in mistake["loc"]), "what": mistake["msg"]}
        for mistake in error.errors()
    ]
    return problem(422, f"{len(mistakes)} mistakes in the request", mistakes=mistakes)


@app.exception_handler(StarletteHTTPException)
async def refused(request: Request, error: StarletteHTTPException) -> Response:
    """Starlette's class: `HTTPException` is one, and so is what is raised where there is no such path or method."""
    if error.status_code < 400:  # a redirect: the answer that the framework gives
        return await http_exception_handler(request, error)
    return problem(error.status_code, error.detail, error.headers)


@app.exception_handler(OverdrawnError)
def overdrawn(request: Request, error: OverdrawnError) -> JSONResponse:
    """A `def` handler runs in a worker thread."""
    return problem(409, str(error), account=error.account_id, missing_cents=error.missing)


@app.exception_handler(Exception)
async def unexpected(request: Request, error: Exception) -> JSONResponse:
    """The client learns nothing of the inside; the server logs the traceback, for after this the exception goes on."""
    logger.error("%s %s failed", request.method, request.url.path)
    return problem(500, "this is our fault, not yours")
