"""Monitoring: five faults are planted; which readings name them, and what does dropping one cost?

The seed says in which of two engines each fault is; faults.py plants them.
"""

from scalebook.chapters.redis.monitoring import faults
from scalebook.lab import Client, Exact, Lab, Promise, Role, Saving, Step, Whole, figure, same

DROPS = [f"latency_percentiles_usec_{command}" for command in ("del", "unlink", "spop")]


class Delete(Client):
    """What one does without thinking: DEL, and a look at the slow log."""

    engine = "blocking"

    def open(self, services):
        self.redis = services[self.engine].connect()
        self.wards = {ward: services[ward].connect() for ward in faults.WARDS}
        self.alarm = services.blocking.connect()

    def incident(self, services):
        faults.plant(services)

    def drop(self, members):
        for name in faults.store_sets(self.redis, len(members)):
            self.remove(name)

    def remove(self, name):
        self.redis.delete(name)

    def diagnose(self, _):
        """After the alarm, all that is wrong: engine, kind of fault, name of the key or client."""
        faults.wait_for(self.alarm)
        return [[ward, *found] for ward, it in self.wards.items() for found in self.examine(it)]

    def examine(self, ward):
        noted = ward.execute_command("SLOWLOG", "GET", 128)
        return [("slow script", entry[5]) for entry in noted if entry[3][0] == "EVAL"]

    def left(self):
        return self.redis.exists(*faults.SETS)

    @figure("s")
    def blocked(self):
        """How long a command of a drop keeps all waiting: the engine's median, to a microsecond."""
        told = self.redis.info("latencystats")
        return max([1.0, *(told[name]["p50"] for name in DROPS if name in told)]) / 1e6


class InPieces(Delete):
    """A few members at a time, as before there was UNLINK."""

    def remove(self, name):
        while self.redis.spop(name, 100):
            pass


class LazyDelete(Delete):
    """DEL on an engine that is told to free in the background (lazyfree-lazy-user-del)."""

    engine = "lazy"


class Unlink(Delete):
    """UNLINK, and a diagnosis from all that the engine says of itself."""

    big_bytes, hot, full = 100_000, 20, 0.9

    def remove(self, name):
        self.redis.unlink(name)

    def examine(self, ward):
        info, names = ward.info("all"), list(ward.scan_iter(count=500))
        if "errorstat_OOM" in info and info["used_memory"] > self.full * info["maxmemory"]:
            yield "memory", ""
        if "cmdstat_keys" in info:
            yield from [("KEYS", c["name"]) for c in ward.client_list() if c["cmd"] == "keys"]
        if any(event[0] == "command" for event in ward.execute_command("LATENCY", "LATEST")):
            yield from super().examine(ward)
        pipe = ward.pipeline(transaction=False)
        for name in names:
            pipe.memory_usage(name).object("FREQ", name)
        told = pipe.execute()
        for name, size, uses in zip(names, told[::2], told[1::2], strict=True):
            if size > self.big_bytes:
                yield "big key", name
            if uses > self.hot:
                yield "hot key", name


class Jumpy(Unlink):
    """Broken on purpose: takes for big what is no bigger than the rest, and so for hot."""

    big_bytes, hot = 100, 4


def every_fault_is_named_and_no_other(run):
    """A diagnosis names all the faults that were planted, and nothing else."""
    diagnoses = run.history.ok("diagnose")
    wrong = faults.truth(run.services) if diagnoses else set()
    for op in diagnoses:
        found = {tuple(one) for one in op.result}
        if found != wrong:
            yield op.says(f"{len(wrong - found)} missed, {len(found - wrong)} false alarms")
    if run.windows and not diagnoses:
        yield "nobody has diagnosed anything"


LAB = Lab(
    at=("members of a set", [10, 1_000, 10_000, 100_000]),
    services=faults.ENGINES,
    load=faults.choose,
    roles=[Role("diagnose", rate=10)],
    variants=[Delete, InPieces, LazyDelete, Unlink, Jumpy],
    promises=[Promise(every_fault_is_named_and_no_other, [Unlink], [Delete, Jumpy])],
    trials=[Exact("drop"), Whole(seconds=0.6, steps=[Step(0, "incident")])],
    agree={"left": same},
    claim=Saving(0.9, of="blocked", technique=Unlink, over=Delete),
)
