"""Which viewers the documentation pages show, to the byte: names, versions, hashes, and the packages that hold them.

Data alone, for two readers: `viewers` serves the files and names their copies on the content delivery network;
the build hook (`hatch_build.py`, which runs before vivace can be imported) fetches them into `fetched/`.

To move to a newer viewer, change its versions and hashes here and run `python hatch_build.py`, which says what
does not fit. Hashes are written as browsers take them (Subresource Integrity: base64 of SHA-384).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A published package that holds a viewer's files: `files` leads from our names to the paths inside it."""

    index: str  # "pip" or "npm": the client that fetches it
    name: str
    version: str
    files: dict[str, str]


@dataclass(frozen=True)
class Viewer:
    """A viewer of OpenAPI documents.

    `integrity` has for each file the hashes that are accepted. The first is that of the file as its makers publish it,
    which is what the content delivery network serves; a package may hold the same program minified otherwise.
    """

    name: str
    version: str
    integrity: dict[str, tuple[str, ...]]
    packages: tuple[Package, ...]  # where to look, in this order
    cdn: dict[str, str]

    def path(self, file: str) -> str:
        """Where a file is kept, and how pages name it: `redoc@2.5.4/redoc.standalone.js`."""
        return f"{self.name}@{self.version}/{file}"

    def cdn_url(self, file: str) -> str:
        return f"https://cdn.jsdelivr.net/npm/{self.cdn['package']}@{self.version}/{self.cdn[file]}"


SWAGGER_UI = Viewer(
    "swagger-ui-dist",
    "5.33.1",
    integrity={
        "swagger-ui-bundle.js": ("sha384-ZPehFMQommnnuaZ4rpxgkgTT2DKFVp4hZC/7pLit+9Lek9T1YGSo23eHFbvNkXkw",),
        "swagger-ui.css": ("sha384-Ov4/wv3j2bmct8cDc5X4ngJZohVPzEmc6uDPH8WeljUxO5vtoykvMEfbu9Vh6RaW",),
        "LICENSE": ("sha384-II9e1ieUDl5AxyiVq3/FflTua1Sr0kMJ25e6imG7rXg7SiAsA2VemsvEqVsLqM7/",),
    },
    packages=(
        Package(
            "pip",
            "drf-spectacular-sidecar",
            "2026.10.1",
            {
                file: f"drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist/{file}"
                for file in ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE")
            },
        ),
        Package(
            "npm",
            "swagger-ui-dist",
            "5.33.1",
            {file: f"package/{file}" for file in ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE")},
        ),
    ),
    cdn={
        "package": "swagger-ui-dist",
        "swagger-ui-bundle.js": "swagger-ui-bundle.js",
        "swagger-ui.css": "swagger-ui.css",
    },
)

REDOC = Viewer(
    "redoc",
    "2.5.4",
    integrity={
        "redoc.standalone.js": ("sha384-w447zOpYfw/1Tv/5AK9NfHTlQIqE3RVR6KY62jCyy9zNDgO64cMwGGP1Fj0zJVf5",),
        "redoc.standalone.js.LICENSE.txt": (
            "sha384-OFQi0xUr5L/+2y3vpESy0W4KdaU5Fwior4B3IX7AoY/ip3f2WR8RQKEUnv4k9MQP",
        ),
        "LICENSE": ("sha384-4MRcX1AZo9fmrFMpgiOo2/fLeo30JFKqMdhfNbX8/s8G2JOMVgAMtpbjnegfSg8/",),
    },
    packages=(
        Package(
            "pip",
            "drf-spectacular-sidecar",
            "2026.10.1",
            {
                file: f"drf_spectacular_sidecar/static/drf_spectacular_sidecar/redoc/{path}"
                for file, path in {
                    "redoc.standalone.js": "bundles/redoc.standalone.js",
                    "redoc.standalone.js.LICENSE.txt": "bundles/redoc.standalone.js.LICENSE.txt",
                    "LICENSE": "LICENSE",
                }.items()
            },
        ),
        Package(
            "npm",
            "redoc",
            "2.5.4",
            {
                "redoc.standalone.js": "package/bundles/redoc.standalone.js",
                "redoc.standalone.js.LICENSE.txt": "package/bundles/redoc.standalone.js.LICENSE.txt",
                "LICENSE": "package/LICENSE",
            },
        ),
    ),
    cdn={"package": "redoc", "redoc.standalone.js": "bundles/redoc.standalone.js"},
)

SCALAR = Viewer(
    "scalar-api-reference",
    "1.72.1",
    integrity={
        "standalone.js": (
            "sha384-U11tb2XnKvmwt8RlTvnwUnYgrN+ur4Xyh9htLhjajWNR/Oyl5AX5DEz00qRmlrmK",
            "sha384-JezfTaoGe2t8F2YRYUQosjM0S21blpE8j3yOUgTEiTKCyLWx9K4lfwjKPd8Dp7WY",
        ),
    },
    packages=(
        Package(
            "pip",
            "flask-openapi-scalar",
            "1.72.1",
            {"standalone.js": "flask_openapi_scalar/templates/scalar/js/scalar.standalone.js"},
        ),
        Package(
            "npm", "@scalar/api-reference", "1.72.1", {"standalone.js": "package/dist/browser/standalone.js"}
        ),
    ),
    cdn={"package": "@scalar/api-reference", "standalone.js": "dist/browser/standalone.js"},
)

VIEWERS = (SWAGGER_UI, REDOC, SCALAR)
