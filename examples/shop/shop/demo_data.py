"""What an empty shop is filled with, so that there is something to see."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Category, Product, User
from .security import passwords

# (username, password, full name, staff?): shown to everybody in the documentation.
USERS = [
    ("demo", "demo-password", "Demo Customer", False),
    ("staff", "staff-password", "Stella Staff", True),
]

# (name, description, category, price in cents, stock)
PRODUCTS = [
    ("Teapot", "Stoneware, 1.2 litres. Short and stout.", Category.kitchen, 3450, 12),
    ("Bread Knife", "Serrated, 20 cm, with a handle of walnut.", Category.kitchen, 2890, 7),
    ("Egg Timer", "Rings after three to twelve minutes.", Category.kitchen, 990, 40),
    ("Watering Can", "Galvanised steel, 5 litres.", Category.garden, 2400, 9),
    ("Secateurs", "For branches of up to 2 cm.", Category.garden, 3190, 0),
    ("Tomato Seeds", "Twenty seeds of an old variety.", Category.garden, 350, 200),
    ("Fountain Pen", "Fine nib, takes any ink.", Category.desk, 4200, 15),
    ("Notebook", "Dotted, 160 pages, lies flat.", Category.desk, 1250, 60),
    ("Desk Lamp", "Warm light and a long arm.", Category.desk, 5990, 3),
]


async def add_demo_data(session: AsyncSession) -> None:
    """Add the users and products above, unless there is a user already."""
    if await session.scalar(select(User).limit(1)):
        return
    for username, password, full_name, is_staff in USERS:
        password_hash = passwords.hash(password)
        session.add(
            User(username=username, full_name=full_name, password_hash=password_hash, is_staff=is_staff)
        )
    for name, description, category, price_cents, stock in PRODUCTS:
        session.add(
            Product(
                name=name,
                description=description,
                category=category,
                price_cents=price_cents,
                stock=stock,
            )
        )
    await session.commit()
