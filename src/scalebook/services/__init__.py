"""Real engines as private child processes: what a lab names in `services`."""

from scalebook.services.postgres import Postgres
from scalebook.services.redis import Redis
from scalebook.services.service import Capacity

__all__ = ["Capacity", "Postgres", "Redis"]
