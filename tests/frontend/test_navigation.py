"""Which requests ask for a page: the Accept header, RFC 9110, section 12.5.1."""

import pytest

from vivace._frontend import is_frontend_navigation_request, iter_accept_media_types


def scope(*accept: str) -> dict[str, object]:
    return {"type": "http", "headers": [(b"accept", value.encode("latin-1")) for value in accept]}


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "TEXT/HTML",
        "application/xhtml+xml",
        "application/json, text/html",
        "text/html;q=0.1, */*;q=0",
        "text/html; charset=utf-8; q=0.8",
        "text/html ; Q=0.5",
        'text/html;q="0.5"',
        # What Firefox and Chrome send when they navigate.
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        # A weight that cannot be read is no rejection.
        "text/html; q=wat",
        "text/html; q",
        "text/html; q*=utf-8''0",
        # One form of HTML is enough.
        "text/html;q=0, application/xhtml+xml",
    ],
)
def test_navigation(accept: str) -> None:
    assert is_frontend_navigation_request(scope(accept))


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/*",
        "application/json",
        "text/htmlx",
        "text/html;q=0",
        "text/html; q=0.0, */*; q=1",
        "application/xhtml+xml;q=0, */*",
        "text/html;q=-1",
        "text/html;q=nan",
    ],
)
def test_no_navigation(accept: str) -> None:
    assert not is_frontend_navigation_request(scope(accept))


def test_no_accept_header_is_no_navigation() -> None:
    assert not is_frontend_navigation_request(scope())


def test_the_first_of_two_accept_headers_counts() -> None:
    assert is_frontend_navigation_request(scope("text/html", "text/html;q=0"))
    assert not is_frontend_navigation_request(scope("application/json", "text/html"))


def test_media_types_keep_their_order_and_weight() -> None:
    assert list(iter_accept_media_types("text/html;level=1;q=0.3, image/*;q=0.2, nonsense")) == [
        ("text/html", 0.3),
        ("image/*", 0.2),
        ("text/plain", 1.0),
    ]
