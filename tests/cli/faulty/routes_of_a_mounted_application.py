"""Mistakes in an application that is mounted in another one."""

from vivace import FastAPI

app = FastAPI()
admin = FastAPI()
app.mount("/admin", admin)


@admin.get("/{page}")
async def read_page(page: str) -> str:
    return page


@admin.get("/stats")  # V004 V201
async def read_stats():
    return {"users": 3}
