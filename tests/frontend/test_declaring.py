"""What `frontend()` checks when it is called, and what only a request finds out."""

import warnings
from pathlib import Path

import pytest

from vivace._frontend import FrontendRoute, resolve_frontend_check_dir

from .conftest import Build, serve


@pytest.mark.parametrize("environment", [None, "production", "Development", "dev"])
def test_auto_checks_outside_development(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str | None
) -> None:
    monkeypatch.delenv("FASTAPI_ENV", raising=False)
    if environment is not None:
        monkeypatch.setenv("FASTAPI_ENV", environment)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert resolve_frontend_check_dir(directory=tmp_path / "missing", check_dir="auto") is True


def test_auto_only_warns_in_development(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAPI_ENV", "development")
    with pytest.warns(UserWarning, match="does not exist") as caught:
        assert resolve_frontend_check_dir(directory=tmp_path / "missing", check_dir="auto") is False
    assert str(tmp_path / "missing") in str(caught[0].message)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert resolve_frontend_check_dir(directory=tmp_path, check_dir="auto") is False


@pytest.mark.parametrize("check_dir", [True, False])
def test_an_explicit_answer_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check_dir: bool
) -> None:
    monkeypatch.setenv("FASTAPI_ENV", "development")
    assert resolve_frontend_check_dir(directory=tmp_path / "missing", check_dir=check_dir) is check_dir


def test_missing_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError) as caught:
        FrontendRoute("/", directory="missing", check_dir=True)
    assert str(caught.value) == (
        f"Frontend directory 'missing' does not exist. Resolved absolute path: '{tmp_path / 'missing'}'"
    )


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "dist").write_text("")
    with pytest.raises(RuntimeError, match="does not exist"):
        FrontendRoute("/", directory=tmp_path / "dist", check_dir=True)


@pytest.mark.parametrize("name", ["index.html", "404.html"])
def test_missing_fallback_file(build: Build, name: str) -> None:
    directory = build("site", {"main.js": "js"})
    expected = (
        f"Frontend fallback file '{name}' does not exist in directory '{directory}'."
        f" Resolved absolute directory: '{directory}'"
    )
    with pytest.raises(RuntimeError) as caught:
        FrontendRoute("/", directory=directory, fallback=name, check_dir=True)  # type: ignore[arg-type]
    assert str(caught.value) == expected
    app = serve(FrontendRoute("/", directory=directory, fallback=name, check_dir=False))  # type: ignore[arg-type]
    assert app.get("/main.js").text == "js"
    with pytest.raises(RuntimeError) as caught:
        app.get("/missing", headers={"accept": "text/html"})
    assert str(caught.value) == expected


def test_a_directory_is_no_fallback_file(build: Build) -> None:
    directory = build("site", {"index.html/readme.txt": ""})
    with pytest.raises(RuntimeError, match=r"fallback file 'index\.html'"):
        FrontendRoute("/", directory=directory, fallback="index.html", check_dir=True)


def test_unknown_fallback(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="fallback must be"):
        FrontendRoute("/", directory=tmp_path, fallback="500.html", check_dir=True)  # type: ignore[arg-type]


def test_an_unchecked_directory_may_come_later(tmp_path: Path) -> None:
    app = serve(FrontendRoute("/", directory=tmp_path / "dist", check_dir=False))
    with pytest.raises(RuntimeError, match="does not exist"):
        app.get("/main.js")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "main.js").write_text("js")
    assert app.get("/main.js").text == "js"
