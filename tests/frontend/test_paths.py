"""Where a frontend lives and what lies inside it."""

import pytest

from vivace._frontend import (
    frontend_path_specificity,
    join_frontend_paths,
    normalize_frontend_path,
    path_inside_frontend,
)


@pytest.mark.parametrize(
    ("path", "normalized"),
    [("/", "/"), ("/app", "/app"), ("/app/", "/app"), ("/app//", "/app"), ("/a/b/", "/a/b")],
)
def test_normalize(path: str, normalized: str) -> None:
    assert normalize_frontend_path(path) == normalized


@pytest.mark.parametrize(("path", "complaint"), [("", "cannot be empty"), ("app", "must start with '/'")])
def test_normalize_refuses(path: str, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        normalize_frontend_path(path)


@pytest.mark.parametrize(
    ("prefix", "path", "joined"),
    [("", "/", "/"), ("", "/ui", "/ui"), ("/site", "/", "/site"), ("/site", "/ui", "/site/ui")],
)
def test_join(prefix: str, path: str, joined: str) -> None:
    assert join_frontend_paths(prefix, path) == joined


def test_specificity_grows_with_depth() -> None:
    assert sorted(["/a/b/c", "/a", "/", "/a/b"], key=frontend_path_specificity) == [
        "/",
        "/a",
        "/a/b",
        "/a/b/c",
    ]


@pytest.mark.parametrize(
    ("mount_path", "route_path", "inside"),
    [
        ("/", "/", ""),
        ("/", "", ""),
        ("/", "/main.js", "main.js"),
        ("/", "//main.js", "main.js"),
        ("/app", "/app", ""),
        ("/app", "/app/", ""),
        ("/app", "/app/a/b", "a/b"),
        ("/app", "/application", None),
        ("/app", "/", None),
        ("/app", "/App/x", None),
        ("/{name}", "/ann/x", None),
        ("/{name}", "/{name}/x", "x"),
    ],
)
def test_inside(mount_path: str, route_path: str, inside: str | None) -> None:
    assert path_inside_frontend(mount_path, route_path) == inside
