"""Tools for authors: how far the book is."""

from scalebook.authoring.plan import ChapterProgress, Plan, make_plan

__all__ = ["ChapterProgress", "Plan", "make_plan"]
