"""How readings are judged: one module a form, all with the face of `Judge`."""

from __future__ import annotations

from dbsbm.monitor.alerts.forms.absence import Absence
from dbsbm.monitor.alerts.forms.base import Judge, Verdict
from dbsbm.monitor.alerts.forms.burn import Burn
from dbsbm.monitor.alerts.forms.count import Count
from dbsbm.monitor.alerts.forms.forecast import Forecast
from dbsbm.monitor.alerts.forms.level import Level
from dbsbm.monitor.alerts.forms.ratio import Ratio
from dbsbm.monitor.alerts.rule import Rule

__all__ = ["Judge", "Verdict", "judge_of", "reach_of"]

_JUDGES: dict[str, type[Judge]] = {
    "level": Level,
    "ratio": Ratio,
    "count": Count,
    "burn": Burn,
    "forecast": Forecast,
    "absence": Absence,
}


def judge_of(rule: Rule) -> Judge:
    """A judge of one series for a rule, that has not read anything yet."""
    return _JUDGES[rule.form](rule)


def reach_of(rule: Rule) -> float:
    """Seconds of readings that a judgement by a rule looks back on."""
    return _JUDGES[rule.form].reach(rule)
