"""Debug pages, for everyone."""

from vivace import FastAPI

app = FastAPI(debug=True)  # V302
