"""The OpenAPI room: schemas, operations, the whole document, and the pages that show it."""
