"""Users: register, get a token, see who you are."""

from datetime import timedelta
from typing import Annotated

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from vivace import APIRouter, Depends, HTTPException, status
from vivace.concurrency import run_in_threadpool
from vivace.security import OAuth2PasswordRequestForm

from ..dependencies import SessionDep, SettingsDep, VisitorDep
from ..errors import UsernameTaken, problem
from ..models import User
from ..schemas import Token, UserIn, UserOut
from ..security import CUSTOMER_SCOPES, STAFF_SCOPES, create_token, passwords, verify_password

router = APIRouter(tags=["users"])


@router.post("/token", responses={401: {"description": "Wrong username or password"}})
async def create_access_token(
    form: Annotated[OAuth2PasswordRequestForm, Depends()], session: SessionDep, settings: SettingsDep
) -> Token:
    """Exchange a username and a password for an access token. Ask for no scope to get all you may have."""
    user = await session.scalar(select(User).where(User.username == form.username))
    password_hash = user.password_hash if user else None
    # Argon2 is slow on purpose: in a thread, it does not hold up the other requests.
    correct = await run_in_threadpool(verify_password, form.password, password_hash)
    if user is None or not correct:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED, "Wrong username or password.", {"WWW-Authenticate": "Bearer"}
        )
    allowed = set(CUSTOMER_SCOPES)
    if user.is_staff:
        allowed.update(STAFF_SCOPES)
    granted = allowed.intersection(form.scopes) if form.scopes else allowed
    lifetime = timedelta(minutes=settings.access_token_minutes)
    return create_token(user.username, granted, lifetime, settings)


@router.post("/users", response_model=UserOut, status_code=status.HTTP_201_CREATED, responses=problem(409))
async def register(new: UserIn, session: SessionDep) -> User:
    """Become a customer."""
    password_hash = await run_in_threadpool(passwords.hash, new.password)
    user = User(username=new.username, full_name=new.full_name, password_hash=password_hash)
    session.add(user)
    try:
        await session.commit()
    except IntegrityError:
        raise UsernameTaken(new.username) from None
    return user


@router.get("/users/me", response_model=UserOut)
async def read_me(user: VisitorDep) -> User:
    """See who you are."""
    return user
