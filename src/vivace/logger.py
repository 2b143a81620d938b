"""The logger of the package, under the name that existing logging configurations know."""

import logging

logger = logging.getLogger("fastapi")
