"""Practice: labs as exercises, paths through the book, and the interview drill."""

__all__: list[str] = []
