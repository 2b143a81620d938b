"""Every reason for which the server itself answers a request, with the section of the RFC that says so.

A refusal ends the connection: after bytes that cannot be trusted, the next byte cannot be trusted either.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Refusal", "Refused"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that the server gives by itself: the status, and what the client did wrong."""

    status: int
    reason: str
    section: str

    def __str__(self) -> str:
        # uvicorn's sentence comes first: it is what people look for in their logs.
        sentence = "Invalid HTTP request received. " if self.status == 400 else ""
        return f"{sentence}{self.reason} ({self.section})"


class Refused(Exception):
    """A request that is not given to the application."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


# --- the request line ---------------------------------------------------------------------------------------------

BAD_REQUEST_LINE = Refusal(400, "Malformed request line", "RFC 9112, section 3")
UNKNOWN_METHOD = Refusal(501, "Unknown method", "RFC 9110, section 9.1")
BAD_VERSION = Refusal(400, "Not an HTTP/1.0 or HTTP/1.1 request", "RFC 9112, section 2.3")
BAD_TARGET = Refusal(400, "Malformed request target", "RFC 9112, section 3.2")
NO_TUNNEL = Refusal(501, "CONNECT is not supported", "RFC 9110, section 9.3.6")
LONG_TARGET = Refusal(414, "Request target too long", "RFC 9110, section 15.5.15")

# --- fields -------------------------------------------------------------------------------------------------------

BAD_FIELD = Refusal(400, "Malformed header field", "RFC 9112, section 5")
BARE_LINE_END = Refusal(400, "Carriage return or line feed alone, or a control", "RFC 9112, section 2.2")
LARGE_HEAD = Refusal(431, "Head too large", "RFC 6585, section 5")
MANY_FIELDS = Refusal(431, "Too many header fields", "RFC 6585, section 5")
NO_HOST = Refusal(400, "Host is missing", "RFC 9112, section 3.2")
MANY_HOSTS = Refusal(400, "More than one Host", "RFC 9112, section 3.2")
BAD_HOST = Refusal(400, "Malformed Host", "RFC 9112, section 3.2")

# --- the body -----------------------------------------------------------------------------------------------------

BAD_LENGTH = Refusal(400, "Malformed or repeated Content-Length", "RFC 9112, section 6.3")
TWO_FRAMINGS = Refusal(400, "Content-Length and Transfer-Encoding together", "RFC 9112, section 6.3")
BAD_CODING = Refusal(400, "Transfer-Encoding other than chunked", "RFC 9112, section 6.1")
OLD_CODING = Refusal(400, "Transfer-Encoding in an HTTP/1.0 request", "RFC 9112, section 6.1")
BAD_CHUNK = Refusal(400, "Malformed chunk", "RFC 9112, section 7.1")
LARGE_BODY = Refusal(413, "Body too large", "RFC 9110, section 15.5.14")

# --- time ---------------------------------------------------------------------------------------------------------

SLOW_HEAD = Refusal(408, "The head took too long", "RFC 9110, section 15.5.9")
SLOW_BODY = Refusal(408, "The body took too long", "RFC 9110, section 15.5.9")
