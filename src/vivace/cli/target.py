"""The application of `--as-fastapi`: imported anew by every server process, with `import fastapi` answered first.

A server's worker and reload processes start from an import string, so the alias has to be made by what that string
names. `commands` puts the real import string into the environment and gives the server `vivace.cli.target:app`.
"""

import os

import vivace.as_fastapi  # noqa: F401  (before the application's own imports)

from .discover import load

app = load(os.environ["VIVACE_AS_FASTAPI_APP"])
