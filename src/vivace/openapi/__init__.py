"""The OpenAPI room: turns plans into the document, and the document into pages that people can read.

Order of reading: `document` (the whole), `operations` (one operation), `schemas` (types to definitions),
`security` (schemes and requirements), `models` (the specification's vocabulary), `docs` (Swagger UI and
ReDoc). `utils` is a door: it holds the names that other packages import. Nothing here knows of compiled
code.
"""
