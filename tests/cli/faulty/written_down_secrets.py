"""Secrets of several kinds."""

from pydantic_settings import BaseSettings

from vivace import FastAPI

SECRET_KEY = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"  # V303
DATABASE_URL = "postgresql://shop:tr0ub4dor@10.0.0.3/shop"  # V303
AWS = "AKIAIOSFODNN7ABCDEFG"  # V303


class Settings(BaseSettings):
    api_key: str = "f3f9a1c27be04d51"  # V303
    token_url: str = "/token"
    password_field: str = "password"


app = FastAPI()
