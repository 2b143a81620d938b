"""Forms need python-multipart: said when a form is declared, not when the first one arrives."""

from __future__ import annotations

multipart_not_installed_error = (
    'Form data requires "python-multipart" to be installed. \n'
    'You can install "python-multipart" with: \n\n'
    "pip install python-multipart\n"
)
multipart_incorrect_install_error = (
    'Form data requires "python-multipart" to be installed. '
    'It seems you installed "multipart" instead. \n'
    'You can remove "multipart" with: \n\n'
    "pip uninstall multipart\n\n"
    'And then install "python-multipart" with: \n\n'
    "pip install python-multipart\n"
)


def ensure_multipart_is_installed() -> None:
    """Raise `RuntimeError` with the remedy unless the right package can be imported."""
    try:
        from python_multipart import __version__

        # Earlier releases have the advisories that form limits rely on being fixed.
        if _is_recent(__version__):
            return
    except ImportError:
        pass
    # Neither of the packages called `multipart` is typed, and neither need be there.
    try:
        from multipart import __version__ as multipart_version  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise RuntimeError(multipart_not_installed_error) from None
    assert multipart_version
    try:
        from multipart.multipart import parse_options_header  # type: ignore[import-untyped,unused-ignore]

        assert parse_options_header
    except ImportError:
        raise RuntimeError(multipart_incorrect_install_error) from None


def _is_recent(version: str) -> bool:
    numbers = [int(part) for part in version.split(".")[:3] if part.isdigit()]
    return numbers > [0, 0, 12]
