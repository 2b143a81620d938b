"""Product pictures: uploaded by staff, checked, kept as files."""

import shutil
import uuid
from pathlib import Path
from typing import BinaryIO

from vivace import APIRouter, UploadFile
from vivace.concurrency import run_in_threadpool
from vivace.responses import FileResponse

from ..dependencies import STAFF_ONLY, ProductDep, SessionDep, SettingsDep
from ..errors import NotFound, PictureTooLarge, UnsupportedPicture, problem
from ..models import Product
from ..schemas import ProductOut

MAX_PICTURE_BYTES = 2 * 1024 * 1024
FORM_BYTES = 16 * 1024
"""Room for what a form adds around the file in it."""

SIGNATURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""How the files of each type begin."""

router = APIRouter(
    prefix="/products/{product_id}/picture",
    tags=["pictures"],
    responses=problem(404),
    max_body_size=MAX_PICTURE_BYTES + FORM_BYTES,
)


@router.put("", response_model=ProductOut, responses=problem(413, 415), dependencies=[STAFF_ONLY])
async def upload_picture(
    picture: UploadFile, product: ProductDep, session: SessionDep, settings: SettingsDep
) -> Product:
    """Give a product its picture: a PNG or JPEG file of at most 2 MiB."""
    if picture.size is not None and picture.size > MAX_PICTURE_BYTES:
        raise PictureTooLarge(MAX_PICTURE_BYTES)
    media_type = await detect_media_type(picture)
    # Disks are slow: in a thread, the copy does not hold up the other requests.
    await run_in_threadpool(store_file, picture.file, settings.picture_path(product.id))
    product.picture_type = media_type
    await session.commit()
    return product


@router.get(
    "",
    response_class=FileResponse,
    responses={200: {"description": "The picture.", "content": {"image/png": {}, "image/jpeg": {}}}},
)
async def read_picture(product: ProductDep, settings: SettingsDep) -> FileResponse:
    """Fetch the picture of a product."""
    if product.picture_type is None:
        raise NotFound("picture of product", product.id)
    return FileResponse(settings.picture_path(product.id), media_type=product.picture_type)


async def detect_media_type(picture: UploadFile) -> str:
    """Return the type of a file going by its first bytes: its name and declared type prove nothing."""
    start = await picture.read(max(map(len, SIGNATURES)))
    await picture.seek(0)
    for signature, media_type in SIGNATURES.items():
        if start.startswith(signature):
            return media_type
    raise UnsupportedPicture


def store_file(source: BinaryIO, target: Path) -> None:
    """Copy a file piece by piece. It appears under its name when it is complete, and not before."""
    unfinished = target.with_name(f"{uuid.uuid4().hex}.part")
    try:
        with unfinished.open("xb") as file:
            shutil.copyfileobj(source, file)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
