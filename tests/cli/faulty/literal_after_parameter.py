"""The classic: `/users/me` after `/users/{user_id}`."""

from vivace import FastAPI

app = FastAPI()


@app.get("/users/{user_id}")
async def read_user(user_id: int) -> int:
    return user_id


@app.get("/users/me")  # V004
async def read_me() -> str:
    return "me"
