"""A guesser waits longer after each wrong password."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

FREE_TRIES = 3
LONGEST_WAIT = 60.0
FORGOTTEN_AFTER = 900.0
_ADDRESSES = 1024


@dataclass(slots=True)
class _Tries:
    failed: int
    last: float


class Throttle:
    """Counts wrong passwords by address.

    The first tries are free; then each failure doubles the wait, up to a minute. It is forgotten
    after a login that worked, and after a quarter of an hour.
    """

    def __init__(self) -> None:
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Seconds until this address may try again; 0 means now."""
        tries = self._tries.get(address)
        if tries is None or now - tries.last > FORGOTTEN_AFTER or tries.failed < FREE_TRIES:
            return 0.0
        pause = min(LONGEST_WAIT, 2.0 ** (tries.failed - FREE_TRIES))
        return max(0.0, tries.last + pause - now)

    def failed(self, address: str, now: float) -> None:
        """Count a wrong password."""
        tries = self._tries.pop(address, None)
        if tries is None or now - tries.last > FORGOTTEN_AFTER:
            tries = _Tries(0, now)
        self._tries[address] = _Tries(tries.failed + 1, now)
        if len(self._tries) > _ADDRESSES:
            self._tries.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forget what this address got wrong."""
        self._tries.pop(address, None)
