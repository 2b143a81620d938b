"""Fixed words of OpenAPI that more than one file needs."""

# HTTP gives a request body meaning for POST, PUT and PATCH; elsewhere it is the server that may (RFC 9110,
# 9.3).
METHODS_WITH_BODY = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}
REF_PREFIX = "#/components/schemas/"
REF_TEMPLATE = "#/components/schemas/{model}"
