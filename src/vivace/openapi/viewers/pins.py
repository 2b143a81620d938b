"""Which viewers the documentation pages show, to the byte: names, versions, hashes, and the packages that hold them.

Data alone, for two readers: `docs_pages` serves the files and names their copies on the content delivery network; the
build hook (`hatch_build.py`, which runs before vivace can be imported) fetches them into `fetched/`.

To move to a newer viewer, change its versions and hashes here and run `python hatch_build.py`, which says what does
not fit. Hashes are written as browsers take them (https://www.w3.org/TR/SRI/): base64 of SHA-384.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Viewer:
    """A viewer of OpenAPI documents: a package of npm's, of which some files are used.

    Each file has the hashes that are accepted. The first is that of the file as its makers publish it, which is what
    the content delivery network serves; the wheel may hold the same program minified otherwise.
    """

    name: str
    version: str
    integrity: dict[str, tuple[str, ...]]
    wheel: str  # a Python distribution that holds the same files: asked first, since whoever installs vivace has pip
    folder: str  # where in the wheel they lie
    renamed: dict[str, str] = field(default_factory=dict)  # those that have another name there

    def path(self, file: str) -> str:
        """Where a file is kept, and how pages name it: `redoc@2.5.4/bundles/redoc.standalone.js`."""
        return f"{self.name}@{self.version}/{file}"

    def path_in_wheel(self, file: str) -> str:
        return self.folder + self.renamed.get(file, file)

    def cdn_url(self, file: str) -> str:
        return f"https://cdn.jsdelivr.net/npm/{self.path(file)}"


SWAGGER_UI = Viewer(
    "swagger-ui-dist",
    "5.33.1",
    integrity={
        "swagger-ui-bundle.js": ("sha384-ZPehFMQommnnuaZ4rpxgkgTT2DKFVp4hZC/7pLit+9Lek9T1YGSo23eHFbvNkXkw",),
        "swagger-ui.css": ("sha384-Ov4/wv3j2bmct8cDc5X4ngJZohVPzEmc6uDPH8WeljUxO5vtoykvMEfbu9Vh6RaW",),
        "LICENSE": ("sha384-II9e1ieUDl5AxyiVq3/FflTua1Sr0kMJ25e6imG7rXg7SiAsA2VemsvEqVsLqM7/",),
    },
    wheel="drf-spectacular-sidecar==2026.10.1",
    folder="drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist/",
)

REDOC = Viewer(
    "redoc",
    "2.5.4",
    integrity={
        "bundles/redoc.standalone.js": (
            "sha384-w447zOpYfw/1Tv/5AK9NfHTlQIqE3RVR6KY62jCyy9zNDgO64cMwGGP1Fj0zJVf5",
        ),
        "bundles/redoc.standalone.js.LICENSE.txt": (
            "sha384-OFQi0xUr5L/+2y3vpESy0W4KdaU5Fwior4B3IX7AoY/ip3f2WR8RQKEUnv4k9MQP",
        ),
        "LICENSE": ("sha384-4MRcX1AZo9fmrFMpgiOo2/fLeo30JFKqMdhfNbX8/s8G2JOMVgAMtpbjnegfSg8/",),
    },
    wheel="drf-spectacular-sidecar==2026.10.1",
    folder="drf_spectacular_sidecar/static/drf_spectacular_sidecar/redoc/",
)

SCALAR = Viewer(
    "@scalar/api-reference",
    "1.72.1",
    integrity={
        "dist/browser/standalone.js": (
            "sha384-U11tb2XnKvmwt8RlTvnwUnYgrN+ur4Xyh9htLhjajWNR/Oyl5AX5DEz00qRmlrmK",
            "sha384-JezfTaoGe2t8F2YRYUQosjM0S21blpE8j3yOUgTEiTKCyLWx9K4lfwjKPd8Dp7WY",
        ),
    },
    wheel="flask-openapi-scalar==1.72.1",
    folder="flask_openapi_scalar/templates/scalar/js/",
    renamed={"dist/browser/standalone.js": "scalar.standalone.js"},
)

VIEWERS = (SWAGGER_UI, REDOC, SCALAR)
