"""The engine: readings in, transitions out. The live evaluation and replays run this same code.

It has no clock and no storage: whoever runs it feeds it readings, tells it the time, and keeps its
states between evaluations where there is more than one process.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbsbm.monitor.alerts.forms import Judge, judge_of
from dbsbm.monitor.alerts.lifecycle import State, Transition, note_worst, step
from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.alerts.track import Reading

log = logging.getLogger(__name__)

Key = tuple[str, str]

# How far back the worst reading of an incident is looked for: readings arrive late.
_LATE = 300.0


@dataclass(slots=True)
class _Watch:
    """One rule on one series."""

    rule: Rule
    series: str
    judge: Judge
    state: State


class Engine:
    """Judges any number of series by any number of rules."""

    def __init__(self, rules: Sequence[Rule], states: Mapping[Key, State] | None = None) -> None:
        """Begin, or go on where another engine was.

        Args:
            rules: Those that are switched off are left out.
            states: By rule and series, as `states` gave them. States of rules that there are no
                more end at the next evaluation.
        """
        self.rules = {rule.name: rule for rule in rules if rule.enabled}
        self._watches: dict[Key, _Watch] = {}
        for (name, series), state in (states or {}).items():
            if name in self.rules:
                self._watch(name, series, state)

    @property
    def states(self) -> dict[Key, State]:
        """Where each rule stands with each series."""
        return {key: watch.state for key, watch in self._watches.items()}

    def feed(self, rule: str, series: str, readings: Sequence[Reading]) -> None:
        """Give a rule readings of a series, in any order; each only once.

        Args:
            rule: The rule's name.
            series: The series' own name: its labels, or what a recording calls it.
            readings: With finite values.
        """
        self._watch(rule, series).judge.add_all(readings)

    def restarted(self, at: float, *, rule: str | None = None, series: str | None = None) -> None:
        """Tell that what is measured restarted at that moment: caches are cold.

        Readings of before are best fed before, those of after may be fed after or before.

        Args:
            at: Unix seconds.
            rule: The only rule to tell, None for all.
            series: The only series to tell, None for all.
        """
        for watch in self._watches.values():
            if rule in {None, watch.rule.name} and series in {None, watch.series}:
                watch.judge.restarted(at)

    def evaluate(self, now: float) -> list[Transition]:
        """Judge everything at one moment, Unix seconds, and return what changed.

        A moment before the last one that was judged changes nothing. A rule that cannot be judged
        stays where it is, which is logged, and holds up no other.
        """
        found = []
        for watch in self._watches.values():
            if now > watch.state.judged_at:
                try:
                    found += self._judge(watch, now)
                except Exception:  # an alert that nobody gets is worse than one that is not judged
                    log.exception(
                        "The rule %s could not be judged.",
                        watch.rule.name,
                        extra={"action": "alerts.rule_failed", "series": watch.series},
                    )
        return self._inhibit(found)

    def explained(self) -> set[str]:
        """The rules whose incidents others explain that fire now."""
        firing = {w.rule.name for w in self._watches.values() if w.state.phase == "firing"}
        return {name for rule in firing for name in self.rules[rule].inhibits}

    def is_quiet(self) -> bool:
        """Whether nothing is pending or firing."""
        return all(watch.state.phase == "inactive" for watch in self._watches.values())

    def _watch(self, rule: str, series: str, state: State | None = None) -> _Watch:
        key = rule, series
        if key not in self._watches:
            about = self.rules[rule]
            self._watches[key] = _Watch(about, series, judge_of(about), state or State())
        return self._watches[key]

    def _judge(self, watch: _Watch, now: float) -> list[Transition]:
        rule, state, judge = watch.rule, watch.state, watch.judge
        before = state.judged_at
        is_firing = state.phase == "firing"
        firing_since = state.fired_at if is_firing else None
        verdict = judge.judge(now, firing_since=firing_since, calm_since=state.calm_since)
        outcome = step(rule, state, verdict, now, judge.last_reading(now))
        is_worse = False
        if state.phase == "firing":
            since = max(before - _LATE, state.since - 1) if is_firing else state.since - 1
            if not is_firing:
                state.worst = state.told_worst = None
            is_worse = note_worst(rule, state, judge.worst(since, now))
        if outcome is None and is_worse:
            outcome = "worse", ""
        if outcome is None:
            return []
        kind, reason = outcome
        return [
            Transition(kind, rule, watch.series, now, state.since, state.value, state.worst, reason)
        ]

    def _inhibit(self, found: Sequence[Transition]) -> list[Transition]:
        """Mark what another rule's incident explains; an incident stays as it began."""
        explained = self.explained()
        marked = []
        for each in found:
            state = self._watches[each.rule.name, each.series].state
            if each.kind in {"pending", "fired"}:
                state.inhibited = each.rule.name in explained
            marked.append(_marked(each) if state.inhibited else each)
        return marked


def _marked(transition: Transition) -> Transition:
    return Transition(
        transition.kind,
        transition.rule,
        transition.series,
        transition.at,
        transition.since,
        transition.value,
        transition.worst,
        transition.reason,
        inhibited=True,
    )
