"""The workbench: one run directory, and the warm engines that the labs of a process share."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import Self

from scalebook.engine.events import Reporter, silent
from scalebook.errors import HarnessError
from scalebook.services.access import Access, Deployment, Spec
from scalebook.services.provide import Provisions
from scalebook.services.rundir import RunDirectory

__all__ = ["Workbench"]


class Workbench:
    """Starts engines, keeps them warm, and lends them to arms; a context manager.

    A shareable engine (PostgreSQL) is started once per spec, and each arm gets a database in
    it; of the others (Redis) each arm gets one of its own, which is emptied and used again.
    """

    def __init__(
        self,
        explicit: Mapping[str, str] = MappingProxyType({}),
        *,
        reporter: Reporter = silent,
        run: RunDirectory | None = None,
    ) -> None:
        """`explicit`: engine name -> path or source, as `--engine` gives it.

        `run`: where its processes live; by default a run directory of its own.
        """
        self.reporter = reporter
        self.provisions = Provisions(explicit)
        self.run = RunDirectory.create() if run is None else run
        self._shared: dict[Spec, Deployment] = {}
        self._spare: dict[Spec, list[Deployment]] = defaultdict(list)
        self._lent: list[Deployment] = []
        self.loads: dict[Hashable, dict[str, tuple[Deployment, Access]] | None] = {}
        """What has been loaded once, to be copied: see `Arm`."""
        self.seed: int | None = None
        """From which a load draws its random numbers; None leaves them to chance."""
        self.guests: set[str] = set()
        """Names of variants whose code gets accounts of its own: see `Access.as_guest`."""
        self.described: dict[Spec, dict[str, object]] = {}
        """What each engine that was started says of itself."""
        self._locks: dict[Spec, threading.Lock] = defaultdict(threading.Lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.run.close()  # Kills every process of the run; nothing in it is worth a slow goodbye.

    def warm(self, services: Mapping[str, Spec], copies: int = 1) -> None:
        """Start what these services need, all at once; `copies` of those that are not shared."""
        with ThreadPoolExecutor(max_workers=8) as pool:
            waiting: list[Future[Deployment]] = []
            starts: list[tuple[Spec, Future[Deployment]]] = []
            for name, spec in services.items():
                if spec.shareable:
                    waiting.append(pool.submit(self._share, name, spec))
                else:
                    missing = copies - len(self._spare[spec])
                    copy = [pool.submit(self._start, name, spec) for _ in range(missing)]
                    starts += [(spec, future) for future in copy]
            for future in waiting:
                future.result()
            for spec, future in starts:
                self._spare[spec].append(future.result())

    def lend(self, name: str, spec: Spec, *, private: bool = False) -> Deployment:
        """A deployment for one arm; `private` for those that a fault will hit."""
        if spec.shareable and not private:
            return self._share(name, spec)
        spare = [] if private else self._spare[spec]
        deployment = spare.pop() if spare else self._start(name, spec)
        self._lent.append(deployment)
        return deployment

    def give_back(self, deployment: Deployment, *, private: bool = False) -> None:
        """Keep a clean deployment for the next arm; end one that was private."""
        if deployment not in self._lent:
            return
        self._lent.remove(deployment)
        if private:
            for service in deployment.services:
                service.kill()
        else:
            self._spare[deployment.spec].append(deployment)

    def forget_loads(self) -> None:
        """Drop what was kept to be copied."""
        for load in self.loads.values():
            for deployment, access in (load or {}).values():
                deployment.release(access)
        self.loads.clear()

    def deployments(self) -> Iterable[Deployment]:
        """Every deployment that is running now."""
        spare = [d for kept in self._spare.values() for d in kept]
        return [*self._shared.values(), *self._lent, *spare]

    def demand_alive(self) -> None:
        """Raise HarnessError if an engine that nobody killed has died."""
        for deployment in self.deployments():
            for service in deployment.services:
                if not service.alive:
                    raise service.failure("died while a lab was using it")

    def _share(self, name: str, spec: Spec) -> Deployment:
        with self._locks[spec]:
            if spec not in self._shared:
                self._shared[spec] = self._start(name, spec)
            return self._shared[spec]

    def _start(self, name: str, spec: Spec) -> Deployment:
        self.reporter({"event": "engine-starting", "name": name, "kind": spec.kind})
        begun = time.perf_counter()
        try:
            deployment = spec.start(name, self.run, self.provisions)
        except OSError as error:
            remedy = "free some space, or set SCALEBOOK_RUN_DIR to another disk"
            raise HarnessError(f"{name} did not start: {error}", remedy=remedy) from error
        self.described[spec] = deployment.describe()
        self.reporter(
            {
                "event": "engine-ready",
                "name": name,
                "label": deployment.label,
                "seconds": round(time.perf_counter() - begun, 3),
            }
        )
        return deployment
