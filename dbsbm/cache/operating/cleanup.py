"""Removal of what expiry and eviction leave behind, and never of a value that is in use.

The looks are made by commands that only read, so that no process is told of a change; a removal
tells those that hold a copy, as it must.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import redis

from dbsbm.cache.away import FAILURES
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import BATCH, ROOT, VERSION, version_and_category
from dbsbm.cache.marks import UNREAD
from dbsbm.cache.policy.policies import Policies

log = logging.getLogger(__name__)

BUDGET: Final = timedelta(seconds=20)

UNREAD_SHARE: Final = 0.5
"""Part of its lifetime after which a value that nobody has read is taken for unwanted. Its lifetime
is the whole time that the server keeps it: the grace too, in which it may still be served."""

_AROUND: Final = 66_000
"""Bytes that may surround a value of the largest size: head, names of its tags, signature."""

# The first bytes of every value, see `dbsbm.cache.values.envelope`: its mark, then its lifetime.
_HEAD: Final = 5

# Looks at each key and removes it in the same breath, so that nothing can happen to it between.
# A value is read only in the last part of its life, where it may have to go: up to there, no
# answer of PTTL, TYPE and MEMORY USAGE counts as use of the key for the eviction policy.
_SWEEP: Final = f"""
local dry_run, unread_share = ARGV[1] == '1', tonumber(ARGV[2])
local function reason_to_go(key, lifetime, limit)
  local left = redis.call('PTTL', key)
  if left == -2 then return '' end
  if lifetime < 0 then return 'old_version' end
  if left == -1 then return 'no_expiry' end
  if redis.call('TYPE', key).ok ~= 'string' then return '' end
  if redis.call('MEMORY', 'USAGE', key) > limit and redis.call('STRLEN', key) > limit then
    return 'oversized'
  end
  if left > (1 - unread_share) * lifetime then return '' end
  local head = redis.call('GETRANGE', key, 0, {_HEAD - 1})
  if #head < {_HEAD} or head:sub(1, 1) ~= '{UNREAD.decode()}' then return '' end
  local a, b, c, d = head:byte(2, 5)
  local own = ((a * 256 + b) * 256 + c) * 256 + d
  if own - left >= unread_share * own then return 'never_read' end
  return ''
end
local answer = {{}}
for i, key in ipairs(KEYS) do
  local reason = reason_to_go(key, tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2]))
  if reason ~= '' then
    answer[#answer + 1] = reason
    answer[#answer + 1] = redis.call('MEMORY', 'USAGE', key)
    if not dry_run then redis.call('UNLINK', key) end
  end
end
return answer
"""


@dataclass(frozen=True, slots=True)
class CleanupReport:
    """What a clean-up did, or, as a dry run, would have done.

    Attributes:
        scanned: Keys of ours that were looked at.
        removed_by_reason: Keys removed: `old_version` (written by an earlier release), `no_expiry`
            (without a lifetime, which we never write), `oversized` (above the category's limit),
            `never_read` (nobody has read it for half its lifetime).
        bytes_freed: Memory that they took.
        duration: Seconds.
        errors: 1 if the server failed, which ends the clean-up.
        cursor: Where to go on; 0 when every key was seen.
        dry_run: Nothing was removed.
    """

    scanned: int
    removed_by_reason: dict[str, int]
    bytes_freed: int
    duration: float
    errors: int
    cursor: int = 0
    dry_run: bool = False

    @property
    def removed(self) -> int:
        """How many keys were removed."""
        return sum(self.removed_by_reason.values())


@dataclass(slots=True)
class _Tally:
    scanned: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    bytes_freed: int = 0
    errors: int = 0
    cursor: int = 0


def clean_up(
    client: redis.Redis,
    *,
    policies: Policies | None = None,
    cursor: int = 0,
    budget: timedelta = BUDGET,
    unread_share: float = UNREAD_SHARE,
    dry_run: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> CleanupReport:
    """Walk over the keys of our namespace and remove those without a use.

    Keys outside of the namespace, of a later version, or of no category (tags, the mirror of the
    policies) are never touched. A value that was read or written again after it was found stays,
    because the condition is checked by the server in one step with the removal.

    Args:
        client: A client from `connect`.
        policies: What is in force; a size that they or the table allow is never too large.
        cursor: Where an earlier clean-up that ran out of time left off.
        budget: Time after which it stops; at least one batch is done.
        unread_share: Part of its lifetime, 0 to 1, that an unread value is kept.
        dry_run: Only report.
        clock: Seconds that only grow.
    """
    began, tally = clock(), _Tally(cursor=cursor)
    try:
        with _unnoticed(client) as quiet:
            sweep = _Sweep(quiet, tally, _rules(policies or Policies()), (dry_run, unread_share))
            while sweep.step() and clock() - began < budget.total_seconds():
                pass
    except FAILURES as error:
        tally.errors += 1
        log.warning(
            "The clean-up of the cache stopped early: %s",
            error,
            extra={"action": "cache.cleanup_failed"},
        )
    report = CleanupReport(
        *(tally.scanned, tally.removed, tally.bytes_freed, clock() - began, tally.errors),
        cursor=tally.cursor,
        dry_run=dry_run,
    )
    log.info(
        "Cleaned up the cache: %d of %d keys removed.",
        report.removed,
        report.scanned,
        extra={"action": "cache.cleaned_up", "removed": report.removed_by_reason},
    )
    return report


class _Sweep:
    """Goes through the keys, one page of the scan at a time."""

    def __init__(
        self,
        client: redis.Redis,
        tally: _Tally,
        rules: Mapping[Category, tuple[int, int]],
        mode: tuple[bool, float],
    ) -> None:
        self._client = client
        self._tally = tally
        self._rules = rules
        self._sweep = client.register_script(_SWEEP)
        self._mode = [int(mode[0]), mode[1]]

    def step(self) -> bool:
        """Do one page, and tell whether there are more."""
        following, wires = self._client.scan(self._tally.cursor, match=f"{ROOT}*", count=BATCH)
        names = [wire if isinstance(wire, bytes) else wire.encode() for wire in wires]
        ours = [(wire, rule) for wire in names if (rule := self._rule(wire)) is not None]
        for start in range(0, len(ours), BATCH):
            self._sweep_batch(ours[start : start + BATCH])
        self._tally.cursor = int(following)
        return self._tally.cursor != 0

    def _rule(self, wire: bytes) -> tuple[int, int] | None:
        """Return the lifetime (-1: none is right) and size of a key, None if it is not to judge."""
        known = version_and_category(wire.decode("utf-8", "replace"))
        if known is None:
            return None
        version, category = known
        if version < VERSION:
            return -1, 0
        if version > VERSION or category is None:
            return None
        return self._rules[category]

    def _sweep_batch(self, batch: list[tuple[bytes, tuple[int, int]]]) -> None:
        rules = [number for _, rule in batch for number in rule]
        answer = self._sweep(keys=[wire for wire, _ in batch], args=[*self._mode, *rules])
        self._tally.scanned += len(batch)
        for reason, size in zip(answer[::2], answer[1::2], strict=True):
            name = reason.decode()
            self._tally.removed[name] = self._tally.removed.get(name, 0) + 1
            self._tally.bytes_freed += size


def _rules(policies: Policies) -> dict[Category, tuple[int, int]]:
    """By category, the lifetime in milliseconds and the stored size that a value may have."""
    rules = {}
    for category in Category:
        policy = policies.of(category)
        lifetime = (policy.ttl + policy.grace) // timedelta(milliseconds=1)
        rules[category] = lifetime, max(policy.max_bytes, category.max_bytes) + _AROUND
    return rules


@contextmanager
def _unnoticed(client: redis.Redis) -> Iterator[redis.Redis]:
    """Lend a connection whose looks do not count as use, on servers that have that (7.2 on)."""
    with redis.Redis(
        connection_pool=client.connection_pool, single_connection_client=True
    ) as quiet:
        with contextlib.suppress(redis.ResponseError):
            quiet.client_no_touch("ON")
        try:
            yield quiet
        finally:
            with contextlib.suppress(redis.RedisError):
                quiet.client_no_touch("OFF")
