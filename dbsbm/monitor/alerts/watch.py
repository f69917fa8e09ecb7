"""The live evaluation: any monitor may do it, one at a time, and each change is told once.

States, incidents and the promises to tell of them are written in one transaction, under the lock of
one row. A monitor that is killed has changed nothing; the next evaluation does it all again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import AlertSilence, AlertState, Change, Incident
from dbsbm.monitor import changes
from dbsbm.monitor.alerts import evidence, live, silences
from dbsbm.monitor.alerts.engine import Engine, Key
from dbsbm.monitor.alerts.incidents import tell
from dbsbm.monitor.alerts.lifecycle import State, Transition
from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.store.history import History

log = logging.getLogger(__name__)

# Nothing is remembered of a series that has been calm for this long.
_REMEMBER = timedelta(hours=3)
# A clock that was ahead holds evaluations up for this long at most.
_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Report:
    """What one evaluation did.

    Attributes:
        series: Series that were judged.
        firing: Incidents that fire now.
        fired: Incidents that began.
        resolved: Incidents that ended.
        is_late: True where another monitor had evaluated this moment, or a later one.
    """

    series: int = 0
    firing: int = 0
    fired: int = 0
    resolved: int = 0
    is_late: bool = False


class Alerts:
    """Evaluates the rules over the history."""

    def __init__(
        self,
        database: Database,
        history: History,
        rules: Sequence[Rule],
        *,
        runs_on: Callable[[], Mapping[str, Any]],
    ) -> None:
        """Describe what is watched.

        Args:
            database: Holds the incidents.
            history: What was measured.
            rules: Those that are switched off only end what they had begun.
            runs_on: What `changes.describe` says of this process.
        """
        self._database = database
        self._history = history
        self._memory = live.Memory(history)
        self._rules = [rule for rule in rules if rule.enabled]
        self._runs_on = runs_on

    def evaluate(self, now: datetime, *, trace_id: str) -> Report:
        """Evaluate every rule at one moment.

        Raises:
            TransientError: The database is away.
        """
        gathered = self._memory.gather(self._rules, now)
        return self._database.transact(lambda s: self._evaluate(s, gathered, now, trace_id))

    def _evaluate(
        self, session: Session, gathered: live.Gathered, now: datetime, trace_id: str
    ) -> Report:
        lock = _lock(session, now)
        last = live.moment(lock.state.get("evaluated_at", 0.0))
        if now <= last <= now + _AHEAD:
            return Report(is_late=True)
        ledger = _Ledger(session, self._history, now, trace_id)
        ledger.end_removed({rule.name for rule in self._rules})
        engine = Engine(self._rules, ledger.states())
        live.feed(engine, gathered, _restarts(session, now))
        transitions = engine.evaluate(now.timestamp())
        for transition in transitions:
            ledger.follow(transition)
        ledger.keep(engine.states, engine.explained())
        runs_on = changes.note(session, now, lock.state.get("changes", {}), self._runs_on())
        lock.state = {"evaluated_at": now.timestamp(), "changes": runs_on}
        lock.updated_at = now
        kinds = [transition.kind for transition in transitions]
        return Report(
            series=len(engine.states),
            firing=sum(state.phase == "firing" for state in engine.states.values()),
            fired=kinds.count("fired"),
            resolved=kinds.count("resolved"),
        )


class _Ledger:
    """The rows of states and incidents in one evaluation."""

    def __init__(self, session: Session, history: History, now: datetime, trace_id: str) -> None:
        self._session = session
        self._history = history
        self._now = now
        self._trace_id = trace_id
        self._rows = {
            (row.rule, row.series): row
            for row in session.scalars(select(AlertState).where(AlertState.rule != ""))
        }
        self._silences: Sequence[AlertSilence] = silences.now_on(session, now)

    def states(self) -> dict[Key, State]:
        now = self._now.timestamp()
        return {key: State.from_json(row.state).not_after(now) for key, row in self._rows.items()}

    def end_removed(self, rules: set[str]) -> None:
        """End the incidents of rules that there are no more."""
        for key in [key for key in self._rows if key[0] not in rules]:
            row = self._rows.pop(key)
            incident = self._incident(row)
            if incident is not None:
                self._resolve(incident, "rule removed")
            self._session.delete(row)

    def follow(self, change: Transition) -> None:
        """Write down what happened to an incident."""
        row = self._row(change.rule.name, change.series)
        incident = self._incident(row)
        if change.kind in {"pending", "fired"} and incident is None:
            incident = self._begin(row, change)
        if incident is None:
            return
        incident.value, incident.worst = change.value, change.worst
        incident.updated_at = self._now
        if change.kind == "cancelled":
            self._session.delete(incident)
            row.incident_id = None
        elif change.kind == "resolved":
            self._resolve(incident, change.reason)
            row.incident_id = None
        elif change.kind in {"fired", "worse"}:
            self._fire(incident, change)

    def keep(self, states: Mapping[Key, State], explained: set[str]) -> None:
        """Store the states that matter, and tell of what is not silent any more."""
        for (rule, series), state in states.items():
            if _is_forgettable(state, self._now):
                forgotten = self._rows.pop((rule, series), None)
                if forgotten is not None:
                    self._session.delete(forgotten)
                continue
            row = self._row(rule, series)
            row.state, row.updated_at = state.as_json(), self._now
            incident = self._incident(row)
            if incident is not None and state.phase == "firing":
                incident.value, incident.worst = state.value, state.worst
                if not incident.version and not self._is_mute(rule, series, explained):
                    tell(self._session, incident, self._now, trace_id=self._trace_id)

    def _begin(self, row: AlertState, change: Transition) -> Incident:
        rule = change.rule
        incident = Incident(
            rule=rule.name,
            series=change.series,
            severity=rule.severity,
            state="pending",
            effect=rule.effect,
            runbook=rule.runbook,
            unit=rule.unit,
            started_at=live.moment(change.since),
            threshold=rule.threshold,
            evidence={},
            version=0,
            told_version=0,
            updated_at=self._now,
        )
        self._session.add(incident)
        self._session.flush()
        row.incident_id = incident.id
        return incident

    def _fire(self, incident: Incident, change: Transition) -> None:
        """`keep` tells of it for the first time, this does when it has become worse."""
        incident.state = "firing"
        incident.fired_at = incident.fired_at or self._now
        incident.evidence = evidence.gather(
            self._session, self._history, change.rule, incident.started_at, self._now
        )
        if change.kind == "worse" and incident.version:
            tell(self._session, incident, self._now, trace_id=self._trace_id)
        log.warning(
            "Incident %d of %s %s: %s",
            incident.id,
            incident.rule,
            change.kind,
            incident.effect,
            extra={"action": f"alerts.{change.kind}", "rule": incident.rule},
        )

    def _resolve(self, incident: Incident, reason: str) -> None:
        """End an incident. A message that was posted shows it: an edit disturbs nobody."""
        if incident.state == "pending":
            self._session.delete(incident)
            return
        incident.state, incident.resolved_at = "resolved", self._now
        incident.resolution, incident.updated_at = reason, self._now
        if incident.version:
            tell(self._session, incident, self._now, trace_id=self._trace_id)
        log.info(
            "Incident %d of %s is over: %s.",
            incident.id,
            incident.rule,
            reason,
            extra={"action": "alerts.resolved", "rule": incident.rule},
        )

    def _is_mute(self, rule: str, series: str, explained: set[str]) -> bool:
        return rule in explained or silences.covers(self._silences, rule, series)

    def _row(self, rule: str, series: str) -> AlertState:
        key = rule, series
        if key not in self._rows:
            row = AlertState(rule=rule, series=series, state={}, updated_at=self._now)
            self._session.add(row)
            self._rows[key] = row
        return self._rows[key]

    def _incident(self, row: AlertState) -> Incident | None:
        if row.incident_id is None:
            return None
        return self._session.get(Incident, row.incident_id, with_for_update=True)


def _lock(session: Session, now: datetime) -> AlertState:
    """The row that lets one monitor evaluate at a time; who is first makes it."""
    query = select(AlertState).where(AlertState.rule == "", AlertState.series == "")
    row = session.scalar(query.with_for_update())
    if row is None:
        row = AlertState(rule="", series="", state={}, updated_at=now)
        session.add(row)
        session.flush()
    return row


def _restarts(session: Session, now: datetime) -> list[datetime]:
    """When releases were changed: the fleet's caches began anew."""
    query = select(Change.at).where(Change.kind == "deploy", Change.at >= now - _REMEMBER)
    return list(session.scalars(query))


def _is_forgettable(state: State, now: datetime) -> bool:
    calm = now - datetime.fromtimestamp(state.calm_since, UTC)
    return state.phase == "inactive" and calm > _REMEMBER
