"""Real engines as private child processes: what a lab names in `services`."""

from scalebook.services.nginx import NginxEdge
from scalebook.services.postgres import Postgres
from scalebook.services.redis import Redis
from scalebook.services.redis_cluster import RedisCluster
from scalebook.services.redis_replicas import RedisReplicas
from scalebook.services.service import Capacity

__all__ = ["Capacity", "NginxEdge", "Postgres", "Redis", "RedisCluster", "RedisReplicas"]
