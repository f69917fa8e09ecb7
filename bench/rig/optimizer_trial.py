"""One judgement: findings against what was planted, every fix tried on the database itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.rig.optimizer_blueprint import Fault, Statement
from bench.rig.optimizer_judge import Heard, Score, follows, heard, names, trapped
from bench.rig.optimizer_lab import PlantedLab, Replay
from bench.rig.optimizer_remedies import ddl

SLOWER = 1.05
"""How much more a statement may read with all fixes applied."""
ROWS_OF_NOISE = 20
"""Rows that any plan may read more for three runs."""
HELPS_TIMES, HELPS_ROWS = 5, 3_000
"""An index that nobody planned for is right where three runs read so much less with it."""
_NEEDED = ("1553", "1451", "1217", "1822")
"""Errors of a drop that a foreign key does not allow."""


@dataclass
class Trial:
    """A judge for one database; what was tried once is remembered."""

    lab: PlantedLab
    before: Replay
    expert: Replay
    _tried: dict[tuple[Fault, tuple[str, ...]], bool] = field(default_factory=dict)
    _helped: dict[tuple[str, ...], bool] = field(default_factory=dict)
    _harmed: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, lab: PlantedLab) -> Trial:
        """Measure the load as it is, and with everything that an expert would change."""
        before = lab.replay()
        with lab.applied([change for fault in lab.blueprint.faults for change in fault.expert]):
            expert = lab.replay()
        lab.expert = expert.rows
        return cls(lab, before, expert)

    def judge(self, findings: Sequence[Mapping[str, Any]]) -> Score:
        """Judge a report: every finding, whatever its weight."""
        all_heard = [heard(each) for each in findings]
        score = self.named(all_heard, tried=True)
        score.harmful = self._harm(all_heard)
        return score

    def judge_peer(self, findings: Sequence[Heard], *, harm: bool) -> Score:
        """Judge a peer: no fix is asked of it; `harm` tells whether those it gives are applied."""
        score = self.named(findings, tried=False)
        score.harmful = self._harm(findings) if harm else []
        return score

    def named(self, findings: Sequence[Heard], *, tried: bool) -> Score:
        """Judge findings, without trying their fixes where `tried` is not asked for."""
        score = Score()
        for fault in self.lab.blueprint.faults:
            matching = [each for each in findings if names(fault, each)]
            if any(not tried or self._cures(fault, each) for each in matching):
                score.cured.append(fault)
            elif matching:
                score.named.append((fault, matching[0]))
            else:
                score.missed.append(fault)
        for each in findings:
            self._sort(each, score)
        return score

    def _sort(self, finding: Heard, score: Score) -> None:
        faults = self.lab.blueprint.faults
        trap = trapped(self.lab.blueprint.traps, finding)
        if any(names(fault, finding) or follows(fault, finding) for fault in faults) or (
            not trap and self._helps(finding)
        ):
            score.right.append(finding)
        else:
            score.false.append((finding, trap))

    def _cures(self, fault: Fault, finding: Heard) -> bool:
        tried = (fault, finding.fix)
        if tried not in self._tried:
            self._tried[tried] = fault.remedy.cures(finding.fix, self.lab)
        return self._tried[tried]

    def _helps(self, finding: Heard) -> bool:
        """Tell whether an index spares a statement most of what it reads."""
        statements = tuple(ddl(finding.fix))
        if finding.rule != "index.missing" or not statements:
            return False
        if statements not in self._helped:
            self._helped[statements] = self._spares(finding.table, statements)
        return self._helped[statements]

    def _spares(self, table: str, statements: Sequence[str]) -> bool:
        name = table.rsplit(".", maxsplit=1)[-1]
        touched = [each for each in self.before.rows if each.calls > 1 and name in each.sql.lower()]
        with self.lab.applied(statements) as worked:
            return worked and any(self._spared(each) for each in touched)

    def _spared(self, statement: Statement) -> bool:
        now, then = self.lab.reads(statement), self.before.rows[statement]
        return now * HELPS_TIMES < then and then - now >= HELPS_ROWS

    def _harm(self, findings: Sequence[Heard]) -> list[str]:
        """Apply all fixes of indexes together; return what is worse then."""
        statements = index_changes(findings)
        if statements not in self._harmed:
            self._harmed[statements] = self._worse(statements)
        return self._harmed[statements]

    def _worse(self, statements: tuple[str, ...]) -> list[str]:
        unique = self._unique()
        with self.lab.tried(statements) as failed:
            after = self.lab.replay()
            lost = unique - self._unique() - self._spare()
        worse = [
            f"reads {self.before.rows[each]} -> {rows} rows: {each.sql[:120]}"
            for each, rows in after.rows.items()
            if rows > self.before.rows[each] * SLOWER + ROWS_OF_NOISE
        ]
        needed = [each for each in failed if each.startswith(_NEEDED)]
        return [*worse, *needed, *(f"drops the unique index {each}" for each in sorted(lost))]

    def _unique(self) -> set[str]:
        schemas = ", ".join(f"'{each}'" for each in self.lab.blueprint.schemas)
        listed = self.lab.ask(
            "SELECT GROUP_CONCAT(DISTINCT CONCAT(table_schema, '.', table_name, '.', index_name)) "
            "FROM information_schema.statistics "
            f"WHERE NOT non_unique AND table_schema IN ({schemas})"
        )
        return set(str(listed).split(","))

    def _spare(self) -> set[str]:
        faults = self.lab.blueprint.faults
        return {f"{t}.{i}" for fault in faults for t in fault.tables for i in fault.indexes}


def index_changes(findings: Sequence[Heard]) -> tuple[str, ...]:
    """Return all changes of indexes that findings ask for, each once."""
    about = [each for each in findings if each.rule.startswith("index.")]
    changes = [statement for each in about for statement in ddl(each.fix)]
    return tuple(dict.fromkeys(changes))
