"""Security: schemes described once, requirements with the scopes of all who ask."""

from typing import Annotated, Any

from vivace import Depends, FastAPI, Security
from vivace._plan.nodes import SecurityUse
from vivace.openapi.security import scheme_definitions, security_requirements
from vivace.security import APIKeyHeader, HTTPBearer, OAuth2PasswordBearer

from .documents import document_of

oauth2 = OAuth2PasswordBearer("/token", scopes={"read": "Read", "write": "Write"})
bearer = HTTPBearer(description="From the portal")
key = APIKeyHeader(name="X-Key", scheme_name="Key")


def test_each_scheme_is_required_once_with_all_its_scopes_in_order() -> None:
    uses = [
        SecurityUse(oauth2, ("write",)),
        SecurityUse(bearer, ()),
        SecurityUse(oauth2, ("read", "write")),
        SecurityUse(oauth2, ()),
    ]

    assert security_requirements(uses) == [{"OAuth2PasswordBearer": ["write", "read"]}, {"HTTPBearer": []}]


def test_schemes_are_described_by_name_without_what_they_leave_open() -> None:
    assert scheme_definitions({"HTTPBearer": bearer, "Key": key}) == {
        "HTTPBearer": {"type": "http", "description": "From the portal", "scheme": "bearer"},
        "Key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    }


def test_schemes_are_found_in_dependencies_of_dependencies_and_of_the_app() -> None:
    def user(token: Annotated[Any, Security(oauth2, scopes=["read"])]) -> None: ...

    def admin(user: Annotated[Any, Security(user, scopes=["write"])]) -> None: ...

    def read(admin: Annotated[Any, Depends(admin)]) -> None: ...

    document = document_of(read, app=FastAPI(dependencies=[Depends(key)]))

    assert document["paths"]["/"]["get"]["security"] == [
        {"Key": []},
        {"OAuth2PasswordBearer": ["write", "read"]},
    ]
    assert list(document["components"]["securitySchemes"]) == ["Key", "OAuth2PasswordBearer"]


def test_of_two_schemes_with_one_name_the_last_is_described() -> None:
    other = OAuth2PasswordBearer("/other")

    def read(
        one: Annotated[Any, Security(oauth2, scopes=["read"])], two: Annotated[Any, Security(other)]
    ) -> None: ...

    document = document_of(read)

    assert document["paths"]["/"]["get"]["security"] == [{"OAuth2PasswordBearer": ["read"]}]
    assert document["components"]["securitySchemes"] == {
        "OAuth2PasswordBearer": {
            "type": "oauth2",
            "flows": {"password": {"scopes": {}, "tokenUrl": "/other"}},
        }
    }
