"""What an operator may change, read from the environment (``SHOP_…``) or from a file named ``.env``."""

import secrets
from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_DIR = Path(__file__).parent.parent


class Settings(BaseSettings):
    """Every setting has a default that works on a laptop."""

    model_config = SettingsConfigDict(env_prefix="SHOP_", env_file=PROJECT_DIR / ".env")

    secret_key: str = Field(default_factory=lambda: secrets.token_urlsafe(32), min_length=32)
    """Signs the access tokens. Unset, a new one is made at every start, and older tokens stop working."""

    access_token_minutes: int = Field(default=30, ge=1)
    data_dir: Path = PROJECT_DIR / "data"
    cors_origins: list[str] = ["http://localhost:3000"]
    demo_data: bool = True
    """Fill an empty database with products and with two users whose passwords are public."""

    @property
    def database_url(self) -> str:
        return f"sqlite+aiosqlite:///{self.data_dir / 'shop.db'}"

    @property
    def pictures_dir(self) -> Path:
        return self.data_dir / "pictures"

    def picture_path(self, product_id: int) -> Path:
        return self.pictures_dir / str(product_id)


@lru_cache
def get_settings() -> Settings:
    """Return the settings, read once."""
    return Settings()
