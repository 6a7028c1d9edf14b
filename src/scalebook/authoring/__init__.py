"""Tools for authors: plan, ledger, linter; the static ones never start an engine."""

from scalebook.authoring.plan import ChapterProgress, Obstacle, Plan, UnitProgress, make_plan

__all__ = ["ChapterProgress", "Obstacle", "Plan", "UnitProgress", "make_plan"]
