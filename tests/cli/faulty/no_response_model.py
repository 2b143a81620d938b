"""Nothing says what comes back, so the password hash goes out with it."""

from vivace import FastAPI

app = FastAPI()


@app.get("/users/{user_id}")  # V201
async def read_user(user_id: int):
    return {"id": user_id, "password_hash": "…"}


@app.delete("/users/{user_id}", status_code=204)
async def delete_user(user_id: int):
    return None
