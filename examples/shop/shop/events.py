"""News that travels from one request to others: stock levels, orders, chat messages.

A broadcaster lives in one process. Run the shop in several and its news must travel through a message
broker, such as Redis; nothing but this file would change.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from vivace.requests import HTTPConnection

from .schemas import ChatMessage, OrderProgress, StockLevel

T = TypeVar("T")

Numbered = tuple[int, T]
"""A piece of news and its number; numbers count up from 1."""


class Broadcaster(Generic[T]):
    """Hands every piece of news to every subscriber, and the recent past to those who come back.

    >>> news = Broadcaster[str]()
    >>> with news.subscribe() as subscription:
    ...     news.publish("hello")
    ...     subscription.get_nowait()
    (1, 'hello')
    """

    def __init__(self, keep: int = 100) -> None:
        self._last_number = 0
        self._recent: deque[Numbered[T]] = deque(maxlen=keep)
        self._subscriptions: set[asyncio.Queue[Numbered[T]]] = set()
        self._keep = keep

    def publish(self, item: T) -> None:
        """Hand ``item`` to all subscribers. Never waits: one that is too slow misses its oldest news."""
        self._last_number += 1
        self._recent.append((self._last_number, item))
        for subscription in self._subscriptions:
            if subscription.full():
                subscription.get_nowait()
            subscription.put_nowait((self._last_number, item))

    @contextmanager
    def subscribe(self, after: int | None = None) -> Iterator[asyncio.Queue[Numbered[T]]]:
        """Return a queue of news: what comes from now on, preceded by what came after number ``after``."""
        subscription: asyncio.Queue[Numbered[T]] = asyncio.Queue(self._keep)
        if after is not None:
            for number, item in self._recent:
                if number > after:
                    subscription.put_nowait((number, item))
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)


class News:
    """The broadcasters of the shop."""

    def __init__(self) -> None:
        self.stock = Broadcaster[StockLevel]()
        self.orders = Broadcaster[OrderProgress]()
        self.chat = Broadcaster[ChatMessage]()


def get_news(connection: HTTPConnection) -> News:
    """Dependency: the news of this process."""
    news: News = connection.app.state.news
    return news
