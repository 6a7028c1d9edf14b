"""The site: the book's pages as documents, exported to a folder or served live."""

__all__: list[str] = []
