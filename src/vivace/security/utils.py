"""Reading the `Authorization` header."""


def get_authorization_scheme_param(authorization_header_value: str | None) -> tuple[str, str]:
    """Split the header into its scheme and the rest, at the first space (RFC 9110, 11.4).

    Both are empty without a header.

        get_authorization_scheme_param("Bearer abc")  # ("Bearer", "abc")
        get_authorization_scheme_param(None)  # ("", "")
    """
    if not authorization_header_value:
        return "", ""
    scheme, _, param = authorization_header_value.partition(" ")
    return scheme, param.strip()
