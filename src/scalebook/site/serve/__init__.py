"""The live book: pages, and runs that they start as child processes, on loopback only."""

__all__: list[str] = []
