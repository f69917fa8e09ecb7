"""What a child process must not inherit: its parent's counts, and locks that a thread held."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """An object that begins anew in a child process."""

    def renew(self) -> None:
        """Forget the state of the parent process."""


_renewables: WeakSet[Renewable] = WeakSet()


def renew_after_fork(renewable: Renewable) -> None:
    """Have an object renewed in every process that is forked from this one, while it lives."""
    _renewables.add(renewable)


def _renew_all() -> None:
    for renewable in list(_renewables):
        renewable.renew()


os.register_at_fork(after_in_child=_renew_all)
