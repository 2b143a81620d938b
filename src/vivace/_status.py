"""What a status code says about the response it stands on."""


def is_body_allowed_for_status_code(status_code: int | str | None) -> bool:
    """Whether a response with this status may have a body; `default` and ranges such as `4XX` may.

        is_body_allowed_for_status_code(204)  # False

    1xx, 204, 205 and 304 have none (RFC 9110, 15.2, 15.3.5, 15.3.6 and 15.4.5). Raises ValueError for text
    that is neither a number nor one of OpenAPI's ranges.
    """
    if status_code is None or status_code in {"default", "1XX", "2XX", "3XX", "4XX", "5XX"}:
        return True
    code = int(status_code)
    return code >= 200 and code not in {204, 205, 304}
