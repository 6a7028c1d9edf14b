"""Scalebook: a system-design book that runs."""

__all__ = ["__version__"]

__version__ = "0.1.0"
