"""Work that runs after the response has been sent."""

from collections.abc import Callable
from typing import Any, ParamSpec

from starlette.background import BackgroundTasks as StarletteBackgroundTasks

from vivace.telemetry._api import _operation

P = ParamSpec("P")


class BackgroundTasks(StarletteBackgroundTasks):
    """Functions to call after the response has been sent; a parameter of this type receives one.

        @app.post("/orders")
        async def order(order: Order, background: BackgroundTasks):
            background.add_task(send_receipt, order.email, total=order.total)
            return order

    The tasks run in order, in the same process; `def` functions run in worker threads. If one fails, the rest
    do not run. All dependencies of a request share the endpoint's tasks.
    """

    def add_task(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call `func`, which may be `def` or `async def`, once the response has been sent."""
        return super().add_task(func, *args, **kwargs)

    async def __call__(self) -> None:
        for task in self.tasks:
            with _operation(name="background_task", function=task.func):
                await task()
