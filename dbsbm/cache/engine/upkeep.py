"""What the channel's thread does for a cache: everything that callers should not wait for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from dbsbm.cache.engine.core import Core
from dbsbm.cache.engine.lease import LEASE_MS
from dbsbm.cache.engine.steps import FAILED, Call, Flow
from dbsbm.cache.engine.writing import pay_debts
from dbsbm.cache.policy.mirror import POLICY_KEY
from dbsbm.cache.policy.overrides import PolicyError
from dbsbm.cache.policy.policies import parse_mirror

log = logging.getLogger(__name__)

DRAIN_EVERY: Final = 1.0
"""Seconds after which reads of copies are counted at the latest."""


class Upkeep:
    """Keeps a cache true while the server lives, and brings it back after the server did not.

    Args:
        core: The state of the cache.
        run: Runs a flow in the thread that calls.
    """

    def __init__(self, core: Core, run: Callable[[Flow[Any]], Any]) -> None:
        self._core = core
        self._run = run
        self._drained_at = core.clock()
        self._is_policy_due = True

    def heard(self, names: Sequence[str]) -> None:
        """Take the server's word that keys have changed."""
        self._core.heard(names)
        if POLICY_KEY in names:
            self._is_policy_due = True

    def missed(self) -> None:
        """Take it that anything may have changed."""
        self._core.forget_all()
        self._core.bells.ring_all()
        self._is_policy_due = True

    def late(self, error: Exception) -> None:
        """Have callers do without the server."""
        if not self._core.gate.link.is_open:
            self._core.gate.link.failed(error)
        self._core.bells.ring_all()

    def answered(self, sent_at: float, time: tuple[int, int]) -> bool:
        """Pay what is owed now that the server answers; only then may it be believed."""
        core = self._core
        core.server_clock.measured(sent_at, time)
        if core.gate.link.is_open and core.gate.link.opened_at >= sent_at:
            return False  # the question was older than the failure
        if core.debts and core.gate.writes.admits() and not self._run(pay_debts(core)):
            return not core.gate.link.is_open
        core.gate.link.succeeded()
        return True

    def is_waiting(self) -> bool:
        """Tell whether callers do without the server."""
        return self._core.gate.link.is_open

    def tend(self) -> None:
        """Renew leases, take changed policies, count reads of copies: each when it is time."""
        core, now = self._core, self._core.clock()
        if now - self._drained_at >= DRAIN_EVERY and core.local is not None:
            self._drained_at = now
            core.local.drain()
        if core.gate.link.is_open:
            return
        self._run(renew_leases(core))
        if self._is_policy_due:
            self._is_policy_due = not self._run(take_policies(core))


def renew_leases(core: Core) -> Flow[None]:
    """Have the leases of this process stand for longer; forget those that were lost."""
    due = core.leases.due()
    if not due:
        return
    wires, tokens = list(due), list(due.values())
    arguments = [LEASE_MS, *tokens]
    renewed = yield Call((), lambda server: server.renew_leases(wires, arguments), "touch")
    if renewed is FAILED:
        return
    for wire, token, stands in zip(wires, tokens, renewed, strict=True):
        if not stands:
            core.leases.lost(wire, token)


def take_policies(core: Core) -> Flow[bool]:
    """Have the operator's policies in force; False if the server cannot be asked."""
    mirror = yield Call((), lambda server: server.client.get(POLICY_KEY))
    if mirror is FAILED:
        return False
    if mirror is not None:
        try:
            core.policies.replace(parse_mirror(mirror))
        except PolicyError as error:
            log.warning(
                "The mirror of the cache's policies is refused: %s",
                error,
                extra={"action": "cache.policy_refused"},
            )
    return True
