"""The chapters of the book in words: their titles, and what each is about."""

from __future__ import annotations

__all__ = ["chapter_title", "chapter_words"]

CHAPTERS = {
    "caching": ("Caching", "What to keep, for how long, at whose risk"),
    "redis": ("Redis", "One structure per page, from counters to clusters"),
    "databases": ("Databases", "Indexes, plans, isolation, replicas, shards"),
    "messaging": ("Messaging", "Kafka and RabbitMQ when consumers die"),
    "apis": ("APIs", "REST, GraphQL, gRPC and their limits"),
    "microservices": ("Microservices", "Sagas, outboxes, breakers, meshes"),
    "realtime": ("Real time", "Sockets, presence, editing together"),
    "scaling": ("Scaling", "Balancers, hashing, releases without a gap"),
    "systems": ("Systems", "Whole systems, small enough to run"),
    "security": ("Security", "Keys, hashes, tokens"),
    "networking": ("Networking", "Proxies, names, certificates"),
    "observability": ("Observability", "Logs, traces, objectives, incidents"),
    "infrastructure": ("Infrastructure", "Pipelines, containers, infrastructure as code"),
    "kubernetes": ("Kubernetes", "Pods, services, rollouts"),
    "cloud": ("Cloud", "AWS building blocks and their limits"),
    "product-documents": ("Product documents", "Requirements and decisions worth copying"),
}


def chapter_title(name: str) -> str:
    """The chapter's title; of one that the book does not know, its folder's name in words."""
    known = CHAPTERS.get(name)
    return known[0] if known else name.replace("-", " ").capitalize()


def chapter_words(name: str) -> str:
    """What the chapter is about, in a few words; empty for one that the book does not know."""
    known = CHAPTERS.get(name)
    return known[1] if known else ""
