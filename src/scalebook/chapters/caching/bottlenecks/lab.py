"""Bottlenecks: which stage limits a service, and which figure says so before anybody waits?

A page passes three stages. One has sixteen places and takes long, one has four, and one has a
single place and is over in a moment; the seed says which of them is called what (service.py).
"""

import time

from scalebook.chapters.caching.bottlenecks import service
from scalebook.lab import Client, Invariant, Lab, Promise, Whole, Workload, anything
from scalebook.services import Postgres

TRIAL_SECONDS = 0.8
TOLERANCE = 0.2


class Utilisation(Client):
    """Divides the time spent at each stage by its places: that is how full it is."""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)
        self.db.execute("SET synchronous_commit = off")
        self.places = dict(self.db.execute("SELECT * FROM stage ORDER BY name").fetchall())

    def page(self, _):
        """Pass all stages; the seconds at each, with the wait for a place."""
        spent = {}
        for name, places in self.places.items():
            begun = time.perf_counter()
            self.db.execute(service.TAKE, [name, self.worker % places])
            spent[name] = time.perf_counter() - begun
        return spent

    def bottleneck(self, pages):
        """The stage that limits the service, or will, from what its pages returned."""
        return max(self.places, key=lambda name: sum(p[name] for p in pages) / self.places[name])

    def seconds(self, page):
        """What the dashboard says that this page took."""
        return sum(page.values())


class SecondPlace(Utilisation):
    """A remedy at the bottleneck: a second place."""

    def prepare(self, services):
        services.pg.run("UPDATE stage SET places = 2 WHERE places = 1")


class HalfTheSlowest(Utilisation):
    """A remedy at the slowest stage: it takes half as long."""

    def prepare(self, services):
        services.pg.run("UPDATE place SET seconds = seconds / 2 WHERE seconds > 0.05")


class SlowestStage(Utilisation):
    """Broken on purpose: the bottleneck is where a page spends most of its time."""

    def bottleneck(self, pages):
        return max(self.places, key=lambda name: sum(page[name] for page in pages))


class PerStage(Utilisation):
    """Broken on purpose: shows the mean of the three stages as the time of the page."""

    def seconds(self, page):
        return sum(page.values()) / len(page)


def the_bottleneck_is_named(run):
    """The stage that is named is the one that can serve the fewest pages a second."""
    limit = service.limit(run)
    named = run.client.bottleneck([op.result for op in run.history.ok("page")])
    if named != limit:
        yield f"{named} is named, and {limit} is the limit"


def throughput_times_time_finds_every_client(run):
    """Pages a second times the seconds that each took is the number of clients, within a fifth."""
    found, clients = service.present(run), len(run.history.sessions())
    if abs(found / clients - 1) > TOLERANCE:
        yield f"the dashboard accounts for {found:.1f} clients of {clients}"


def promises(clients):
    """With many, the stage where they wait is also the slowest, and both ways name it."""
    slowest, wrong = ([SlowestStage], [PerStage]) if clients <= 8 else ([], [])
    return [
        Promise(the_bottleneck_is_named, [Utilisation], slowest),
        Promise(throughput_times_time_finds_every_client, [Utilisation], wrong),
    ]


LAB = Lab(
    at=("clients", [1, 2, 4, 8, 16, 32, 64]),
    services={"pg": Postgres},
    load=service.build,
    workload=lambda clients: Workload(mix={"page": 1}, clients=clients),
    variants=lambda clients: [
        *(Utilisation, SecondPlace, HalfTheSlowest),
        *([SlowestStage, PerStage] if clients <= 8 else []),
    ],
    promises=promises,
    trials=[Whole(TRIAL_SECONDS, figures=service.FIGURES)],
    agree={"page": anything},
    claim=Invariant(the_bottleneck_is_named, technique=Utilisation),
)
