"""The public surface: FastAPI's import paths and signatures, recorded, and whether vivace has them."""
