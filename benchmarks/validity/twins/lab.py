"""Is the same client, taken twice, told apart?

Either twin can be made slower by a known share, which the method then has to find.
"""

import time

from scalebook.lab import Client, Lab, Slices, Speedup, Workload
from scalebook.services import Postgres, Redis

ENGINE = "redis"
FIRST_SLOWER_BY = 0.0
SECOND_SLOWER_BY = 0.0
ROWS = 1_000


class First(Client):
    """Reads one value by its key; then waits, busily, for a share of what that took."""

    slower_by = FIRST_SLOWER_BY

    def open(self, services):
        self.store = (
            services.redis.connect() if ENGINE == "redis" else services.pg.connect(autocommit=True)
        )

    def get(self, key):
        if ENGINE == "redis":
            return self.store.get(key)
        return self.store.execute("SELECT value FROM item WHERE id = %s", [key]).fetchone()[0]

    def read(self, key):
        begun = time.perf_counter()
        value = self.get(key)
        until = begun + (time.perf_counter() - begun) * (1 + self.slower_by)
        while self.slower_by and time.perf_counter() < until:
            pass
        return value


class Second(First):
    """The same."""

    slower_by = SECOND_SLOWER_BY


def load(services, rows):
    if ENGINE == "redis":
        services.redis.connect().mset({key: f"value {key}" for key in range(rows)})
    else:
        services.pg.run(
            "CREATE TABLE item AS SELECT id, 'value ' || id AS value"
            f" FROM generate_series(0, {rows - 1}) id; ALTER TABLE item ADD PRIMARY KEY (id)"
        )


LAB = Lab(
    at=("rows", [ROWS]),
    services={"redis": Redis} if ENGINE == "redis" else {"pg": Postgres},
    load=load,
    workload=Workload(mix={"read": 1}, keys="rows"),
    variants=[First, Second],
    trials=[Slices(seconds=0.02)],
    claim=Speedup(1.0, of="read", technique=Second, over=First),
)
