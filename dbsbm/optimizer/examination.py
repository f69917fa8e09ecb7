"""What rules said, each asked on its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dbsbm.errors import TransientError
from dbsbm.optimizer.finding import Finding, gravity
from dbsbm.optimizer.missing import NotEnabledError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Examination:
    """What the rules said.

    Attributes:
        findings: The worst first.
        not_enabled: Rule -> why it could not look.
        failed: Rules that ended in an error of their own; they are in `not_enabled` too.
        asked: Every rule that was asked.
        blind: Of the fleet's rules, or of the server's, at least half could not look.
        unread: What was not there to read, though rules could look without it.
    """

    findings: list[Finding] = field(default_factory=list)
    not_enabled: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    blind: bool = False
    unread: list[str] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """True where no rule failed, none found more than `info`, and most could look.

        One privilege that is missing does not make a database ill; but where most is unknown,
        that nothing was found is no evidence that all is well.
        """
        fine = all(finding.severity == "info" for finding in self.findings)
        return fine and not self.failed and not self.blind

    @property
    def lines(self) -> list[str]:
        """What could not be looked at: one line for a reason, behind the rules that it holds up."""
        rules: dict[str, list[str]] = {}
        for rule, reason in self.not_enabled.items():
            rules.setdefault(reason, []).append(rule)
        return [f"{', '.join(names)}: {reason}" for reason, names in rules.items()] + self.unread

    def add(self, other: Examination, *, said: Mapping[str, str] | None = None) -> None:
        """Add what other rules said.

        Args:
            other: What they said.
            said: Rules of which a finding is left out: it was said already where the rule beside
                it has found something here.
        """
        found = {each.rule for each in self.findings}
        before = {rule for rule, same in (said or {}).items() if same in found}
        self.findings.extend(each for each in other.findings if each.rule not in before)
        self.findings.sort(key=_gravity)
        self.not_enabled.update(other.not_enabled)
        self.failed |= other.failed
        self.asked |= other.asked
        self.blind |= other.blind
        self.unread.extend(other.unread)

    def about(self, target: str) -> Examination:
        """The same, with findings that know which server they are about."""
        return replace(self, findings=[replace(each, target=target) for each in self.findings])


def examine(evidence: Any, rules: Mapping[str, Callable[[Any], list[Finding]]]) -> Examination:
    """Ask every rule, each on its own: one that fails says so and stops no other.

    Raises:
        TransientError: What is examined went away, so that no further rule could look.
    """
    examination = Examination(asked=set(rules))
    for name, rule in rules.items():
        try:
            examination.findings.extend(rule(evidence))
        except NotEnabledError as reason:
            examination.not_enabled[name] = str(reason)
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001 - a rule's own fault stops no other rule
            # The text of an error may hold a value that a statement was run with.
            log.error(  # noqa: TRY400 - for that reason
                "The rule %s failed.",
                name,
                extra={"action": "optimizer.rule_failed", "rule": name, "error": _where(error)},
            )
            examination.not_enabled[name] = f"The rule failed ({type(error).__name__})."
            examination.failed.add(name)
    examination.findings.sort(key=_gravity)
    examination.blind = len(examination.not_enabled) * 2 >= max(1, len(rules))
    return examination


def _gravity(finding: Finding) -> tuple[int, str, str]:
    return gravity(finding.severity, finding.rule, finding.object)


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" in {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"
    return f"{type(error).__name__}{place}"
