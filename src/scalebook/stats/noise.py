"""Made-up noise like that of a shared machine, to try the method on: drift plus jitter, seeded."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["drift", "durations"]


def drift(
    count: int, *, seed: int, memory: float = 0.95, scale: float = 0.2
) -> NDArray[np.float64]:
    """AR(1) log-drift of `count` steps in stationary state: standard deviation `scale`.

    `memory` is the correlation of neighbours (0-1): 0.95 forgets after some twenty steps.
    """
    if not 0 <= memory < 1:
        raise ValueError(f"memory lies in [0, 1), not {memory}")
    shocks = np.random.default_rng([seed, 0]).normal(size=count)
    logs = np.empty(count)
    state = 0.0
    fresh = float(np.sqrt(1 - memory * memory))
    for i, shock in enumerate(shocks):
        state = float(shock) if i == 0 else memory * state + fresh * float(shock)
        logs[i] = state
    return logs * scale


def durations(
    count: int,
    *,
    seed: int,
    seconds: float = 1e-3,
    memory: float = 0.95,
    scale: float = 0.2,
    jitter: float = 0.1,
) -> NDArray[np.float64]:
    """Durations (seconds) of `count` consecutive slices: drift times log-normal jitter.

    `seconds` is the median; `scale` and `jitter` are standard deviations of logs.
    """
    rough = np.random.default_rng([seed, 1]).normal(scale=jitter, size=count)
    steady = drift(count, seed=seed, memory=memory, scale=scale)
    result: NDArray[np.float64] = seconds * np.exp(steady + rough)
    return result
