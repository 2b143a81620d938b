"""Sessions that live in a signed cookie. Needs the package `itsdangerous`."""

from starlette.middleware.sessions import Session as Session
from starlette.middleware.sessions import SessionMiddleware as StarletteSessionMiddleware
from starlette.types import Scope

from ._layer import Layer


class SessionMiddleware(Layer, StarletteSessionMiddleware):
    """Gives each client a dictionary, `request.session`, which is kept in a cookie of theirs.

    app.add_middleware(SessionMiddleware, secret_key=os.environ["SESSION_KEY"])

    The cookie is signed, not encrypted: clients can read it, not change it. It is sent when the session was changed.
    """

    # PERF (W6): most requests look at no session.
    def leaves(self, scope: Scope, body: bytes | memoryview) -> bool:
        session: Session = scope["session"]
        return not (session.accessed or session.modified)
