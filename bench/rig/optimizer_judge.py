"""Whether findings name what was planted, and nothing else. Knows nothing of the optimizer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.rig.optimizer_blueprint import Fault, Trap

_OBJECT = re.compile(
    r"(?P<table>\w+\.\w+)(?:\((?P<columns>[^)]*)\)|\.(?P<detail>\w+))?(?P<statement> in \w+)?"
)


@dataclass(frozen=True)
class Heard:
    """A finding of any tool, as far as it can be judged.

    Attributes:
        rule: The name of the cause.
        table: `schema.table` in small letters, empty if the finding is about none.
        columns: Columns that the object names.
        detail: What the object names behind the table: a column or an index.
        text: All of it, in small letters.
        statement: The statement that it is about, in small letters.
        fix: What is to be run.
        revert: What undoes it.
        loud: It is more than information.
    """

    rule: str
    object: str
    table: str
    columns: frozenset[str]
    detail: str
    text: str = ""
    statement: str = ""
    fix: tuple[str, ...] = ()
    revert: tuple[str, ...] = ()
    loud: bool = True


def heard(finding: Mapping[str, Any]) -> Heard:
    """Return a finding as it is judged; tolerant of what is missing in it."""
    text = json.dumps(finding, default=str).lower()
    evidence = finding.get("evidence") or {}
    statement = str(evidence.get("statement", "")) if isinstance(evidence, dict) else ""
    found = _OBJECT.match(str(finding.get("object", "")).replace("`", "").lower())
    parts = found.groupdict() if found else {}
    listed = re.findall(r"\w+", re.sub(r"\(\d+\)| desc\b| asc\b", "", parts.get("columns") or ""))
    return Heard(
        rule=str(finding.get("rule", "")),
        object=str(finding.get("object", "")),
        table=parts.get("table") or "",
        columns=frozenset(listed),
        detail=parts.get("detail") or "",
        text=text,
        statement=statement.lower(),
        fix=tuple(map(str, finding.get("fix") or ())),
        revert=tuple(map(str, finding.get("revert") or ())),
        loud=finding.get("severity") != "info",
    )


def names(fault: Fault, finding: Heard) -> bool:
    """Tell whether a finding names a fault: its cause and its object."""
    return finding.rule in fault.rules and _about(fault, finding)


def follows(fault: Fault, finding: Heard) -> bool:
    """Tell whether a finding speaks of what comes of a fault."""
    return finding.rule in fault.also and _about(fault, finding, strictly=False)


def _about(fault: Fault, finding: Heard, *, strictly: bool = True) -> bool:
    tables = _small(fault.tables)
    if fault.kind == "database.idle_transaction":  # the server may not know what it has changed
        return True
    if fault.kind.startswith("database."):
        return any(table in finding.text or table.split(".")[1] in finding.text for table in tables)
    if finding.table not in tables:
        return False
    if fault.indexes and finding.rule in ("index.redundant", "index.unused"):
        return finding.detail in _small(fault.indexes)
    return _same_columns(_small(fault.columns), finding, strictly=strictly)


def _same_columns(planted: frozenset[str], finding: Heard, *, strictly: bool) -> bool:
    named = finding.columns | ({finding.detail} if finding.detail else set())
    if not planted:
        return True
    if named:
        return bool(named & planted) or not strictly
    if finding.statement:
        return bool(planted & set(re.findall(r"\w+", finding.statement)))
    return True


def springs(trap: Trap, finding: Heard) -> bool:
    """Tell whether a finding is about a trap."""
    if finding.table not in _small(trap.tables):
        return False
    if not (trap.columns or trap.indexes):
        return True
    named = finding.columns | ({finding.detail} if finding.detail else set())
    known = _small(trap.columns) | _small(trap.indexes)
    return (
        bool(named & known) if named else bool(known & set(re.findall(r"\w+", finding.statement)))
    )


def _small(names: frozenset[str]) -> frozenset[str]:
    return frozenset(map(str.lower, names))


@dataclass
class Score:
    """What came of judging one list of findings.

    Attributes:
        cured: Faults that were named with a fix that helps.
        named: Faults that were named, though no fix for them could be applied or helped.
        missed: Faults that were not named.
        right: Findings that name a fault or follow from one, or help although nobody planned it.
        false: The other findings, and the trap that each fell into.
        harmful: What is worse with all fixes of indexes applied together.
    """

    cured: list[Fault] = field(default_factory=list)
    named: list[tuple[Fault, Heard]] = field(default_factory=list)
    missed: list[Fault] = field(default_factory=list)
    right: list[Heard] = field(default_factory=list)
    false: list[tuple[Heard, str]] = field(default_factory=list)
    harmful: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Share of the faults that were named with a fix that helps."""
        faults = len(self.cured) + len(self.named) + len(self.missed)
        return len(self.cured) / faults if faults else 1.0

    @property
    def precision(self) -> float:
        """Share of the findings above information that are right; 1 where there is none."""
        return self._precision(loud=True)

    @property
    def precision_of_all(self) -> float:
        """The same with information."""
        return self._precision(loud=False)

    def _precision(self, *, loud: bool) -> float:
        right = sum(each.loud or not loud for each in self.right)
        false = sum(each.loud or not loud for each, _ in self.false)
        return right / (right + false) if right + false else 1.0

    def lines(self) -> list[str]:
        """Return what a person who mends the rules must know."""
        missed = [f"missed: {_planted(fault)}" for fault in self.missed]
        named = [
            f"named, but the fix does not help: {_planted(fault)}: {list(finding.fix)}"
            for fault, finding in self.named
        ]
        false = [
            f"false{'' if each.loud else ' (info)'}: {each.rule} {each.object} (trap: {trap})"
            for each, trap in self.false
        ]
        return [*missed, *named, *false, *(f"harmful: {each}" for each in self.harmful)]


def _planted(fault: Fault) -> str:
    about = ", ".join(sorted(fault.columns or fault.indexes))
    return f"{fault.kind} ({fault.form}) {'/'.join(sorted(fault.tables))} [{about}]"


def trapped(traps: Sequence[Trap], finding: Heard) -> str:
    """Return the form of the trap that a finding fell into, empty for none."""
    return next((trap.form for trap in traps if springs(trap, finding)), "")
