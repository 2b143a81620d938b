"""The products: search and read them, manage them, export them."""

from collections.abc import AsyncIterable
from typing import Annotated

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from vivace import APIRouter, Query, Request, Response, status

from ..dependencies import STAFF_ONLY, NewsDep, ProductDep, SessionDep, SettingsDep
from ..errors import ProductInUse, problem
from ..models import Product
from ..schemas import Page, ProductFilter, ProductIn, ProductOut, ProductUpdate, StockLevel

router = APIRouter(prefix="/products", tags=["catalogue"])

SORT_COLUMNS = {"name": Product.name, "price": Product.price_cents, "-price": Product.price_cents.desc()}


@router.get("")
async def search_products(
    filters: Annotated[ProductFilter, Query()], session: SessionDep
) -> Page[ProductOut]:
    """Search the catalogue, page by page."""
    query = select(Product)
    if filters.search:
        query = query.where(
            or_(
                Product.name.icontains(filters.search, autoescape=True),
                Product.description.icontains(filters.search, autoescape=True),
            )
        )
    if filters.category:
        query = query.where(Product.category.in_(filters.category))
    if filters.min_price_cents is not None:
        query = query.where(Product.price_cents >= filters.min_price_cents)
    if filters.max_price_cents is not None:
        query = query.where(Product.price_cents <= filters.max_price_cents)
    if filters.in_stock:
        query = query.where(Product.stock > 0)

    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    # The id makes the order of equal products the same on every page.
    page = query.order_by(SORT_COLUMNS[filters.sort], Product.id).limit(filters.limit).offset(filters.offset)
    products = await session.scalars(page)
    return Page(
        items=[ProductOut.model_validate(product) for product in products],
        total=total or 0,
        limit=filters.limit,
        offset=filters.offset,
    )


@router.get("/export")
async def export_products(session: SessionDep) -> AsyncIterable[ProductOut]:
    """Send the whole catalogue as JSON Lines: one product a line, however many there are."""
    products = await session.stream_scalars(select(Product).order_by(Product.id))
    async for product in products:
        yield ProductOut.model_validate(product)


@router.get("/{product_id}", response_model=ProductOut, responses=problem(404))
async def read_product(product: ProductDep) -> Product:
    """Read one product."""
    return product


@router.post("", response_model=ProductOut, status_code=status.HTTP_201_CREATED, dependencies=[STAFF_ONLY])
async def create_product(
    new: ProductIn, session: SessionDep, request: Request, response: Response
) -> Product:
    """Add a product to the catalogue."""
    product = Product(**new.model_dump())
    session.add(product)
    await session.commit()
    response.headers["Location"] = str(request.url_for("read_product", product_id=product.id))
    return product


@router.patch("/{product_id}", response_model=ProductOut, responses=problem(404), dependencies=[STAFF_ONLY])
async def update_product(
    product: ProductDep, changes: ProductUpdate, session: SessionDep, news: NewsDep
) -> Product:
    """Change a product. Leave out what is to stay as it is."""
    for field, value in changes.model_dump(exclude_none=True).items():
        setattr(product, field, value)
    await session.commit()
    if changes.stock is not None:
        news.stock.publish(StockLevel(product_id=product.id, stock=product.stock))
    return product


@router.delete(
    "/{product_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem(404, 409),
    dependencies=[STAFF_ONLY],
)
async def delete_product(product: ProductDep, session: SessionDep, settings: SettingsDep) -> None:
    """Remove a product that nobody has ordered yet."""
    product_id, name = product.id, product.name
    await session.delete(product)
    try:
        await session.commit()
    except IntegrityError:
        raise ProductInUse(name) from None
    settings.picture_path(product_id).unlink(missing_ok=True)
