"""Write the golden files anew: `python -m tests.compile.record`. Then read the difference before it is committed."""

from tests.compile.compiled import GOLDEN, compiled, golden_file, shown


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    names = compiled()
    for file in GOLDEN.glob("*.py.txt"):
        if file.name.removesuffix(".py.txt") not in names:
            file.unlink()
            print(f"{file.name}: removed")
    for name in names:
        file, text = golden_file(name), shown(name)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"{file.name}: written")


if __name__ == "__main__":
    main()
