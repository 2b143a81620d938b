"""The fixture that the tests of the examples share: a shop to order from."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from .running import SERVE_SHOP, SUBJECT, RunningShop, running_shop

StartShop = Callable[..., AbstractContextManager[RunningShop]]

# What the README says, but for the port: 0 lets the system pick a free one.
AS_A_USER = (sys.executable, "-m", "uvicorn", "shop.main:app", "--port", "0")


@pytest.fixture(scope="session")
def start_shop(tmp_path_factory: pytest.TempPathFactory) -> StartShop:
    """Return a function that runs the shop until the ``with`` block ends.

    >>> with start_shop(SHOP_DEMO_DATA="no") as shop:
    ...     httpx.get(shop.url)

    Without ``SHOP_DATA_DIR`` the shop begins with an empty folder, so with its demo data.
    """
    default = AS_A_USER if SUBJECT == "vivace" else (*SERVE_SHOP, SUBJECT)

    def start(*command: str, **settings: str) -> AbstractContextManager[RunningShop]:
        folder = tmp_path_factory.mktemp("shop")
        return running_shop(command or default, folder, {"SHOP_DATA_DIR": str(folder / "data")} | settings)

    return start
