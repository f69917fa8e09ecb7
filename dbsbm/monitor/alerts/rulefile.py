"""Rules as TOML: reading them, and saying which line is wrong and what is allowed there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dbsbm.errors import ConfigError
from dbsbm.monitor.alerts.fields import FIELDS, NEEDED, WrongValueError
from dbsbm.monitor.alerts.rule import Rule, Signal

SHIPPED = Path(__file__).with_name("rules.toml")

_SIGNAL_KEYS = ("metric", "statistic", "where", "by", "total", "csv", "scale")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Some parsers end the message with the place, all of them name the line.
_PLACE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")


class RulesError(ConfigError):
    """A file of rules is wrong: the text names the file, the line and what is allowed."""


def load_rules(own: Path | None = None) -> tuple[Rule, ...]:
    """Return the shipped rules, with those of an own file added or put in their place.

    A table of the own file that names a shipped rule changes the keys it has and leaves the others
    as shipped: `enabled = false` alone switches the rule off.

    Raises:
        RulesError: A file cannot be read or says something that is no rule.
    """
    shipped = _Document.read(SHIPPED)
    rules = {name: shipped.rule(name) for name in shipped.tables}
    if own is not None:
        document = _Document.read(own)
        for name in document.tables:
            rules[name] = document.rule(name, shipped.tables.get(name))
        _check_inhibits(document, rules)
    else:
        _check_inhibits(shipped, rules)
    return tuple(rules.values())


class _Document:
    """A file of rules: its tables, and on which lines they stand."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.tables = self._parse(text)

    @classmethod
    def read(cls, path: Path) -> _Document:
        try:
            return cls(path, path.read_text("utf-8-sig"))
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise RulesError(f"{path}: cannot be read: {reason}.") from None
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise RulesError(f"{path}, line {line}: is not UTF-8; save it as UTF-8.") from None

    def rule(self, name: str, shipped: Mapping[str, Any] | None = None) -> Rule:
        """Read one table, over the shipped one of that name where there is one."""
        own = self.tables[name]
        for key in own:
            if key not in FIELDS:
                raise self.error(name, key, _unknown(key))
        table = {**_without_bounds(shipped or {}, own), **own}
        values = {key: self._value(name, key, table[key]) for key in table}
        for key in NEEDED:
            if key not in values:
                raise self.error(
                    name, None, f"{key} is missing; every rule needs {_listed(NEEDED)}."
                )
        return self._build(name, values)

    def error(self, name: str, key: str | None, text: str) -> RulesError:
        place = self._line(name, key)
        return RulesError(f"{self.path}, line {place}: rules.{name}: {text}")

    def _parse(self, text: str) -> dict[str, dict[str, Any]]:
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RulesError(f"{self.path}, {_syntax(str(error), len(self.lines))}") from None
        except (ValueError, RecursionError):  # the parser's own limits, of which it names no line
            line = 1 + max(range(len(self.lines)), key=lambda n: len(self.lines[n]))
            raise RulesError(
                f"{self.path}, line {line}: this is no rule: a number has too many digits, or "
                "lists are nested too deep."
            ) from None
        tables = content.pop("rules", {})
        if content:
            key = next(iter(content))
            raise RulesError(
                f"{self.path}, line {self._find(key)}: {key} stands outside of a rule; only tables "
                "such as [rules.slow-queries] are allowed."
            )
        if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
            raise RulesError(
                f"{self.path}, line {self._find('rules')}: every rule is a table of its "
                "own, such as [rules.slow-queries]."
            )
        for name in tables:
            if not _NAME.fullmatch(name) or len(name) > 64:
                raise self.error(
                    name,
                    None,
                    "a name has up to 64 small letters and digits, with hyphens between.",
                )
        return tables

    def _value(self, name: str, key: str, value: Any) -> Any:
        try:
            return FIELDS[key](value)
        except WrongValueError as error:
            raise self.error(name, key, f"{key} = {value!r}: {error}") from None

    def _build(self, name: str, values: dict[str, Any]) -> Rule:
        is_above = "above" in values
        if is_above == ("below" in values):
            raise self.error(name, None, "say either above = NUMBER or below = NUMBER.")
        threshold = values.pop("above" if is_above else "below")
        resolve = values.pop("resolve", threshold)
        if (resolve > threshold) if is_above else (resolve < threshold):
            side = "at or below" if is_above else "at or above"
            raise self.error(
                name, "resolve", f"resolve must lie {side} the threshold {threshold:g}."
            )
        signal = Signal(**{key: values.pop(key) for key in _SIGNAL_KEYS if key in values})
        rule = Rule(
            name=name,
            signal=signal,
            threshold=threshold,
            resolve=resolve,
            is_above=is_above,
            runbook=values.pop("runbook", name),
            **values,
        )
        self._check(rule)
        return rule

    def _check(self, rule: Rule) -> None:
        """What only makes sense together."""
        if rule.form in {"ratio", "burn"} and not rule.signal.total:
            raise self.error(rule.name, None, f"a {rule.form} needs total = [METRIC, ...].")
        if rule.form == "ratio" and not 0 <= rule.threshold <= 1:
            raise self.error(rule.name, None, "the threshold of a ratio lies between 0 and 1.")
        if rule.form == "burn" and rule.short_window >= rule.window:
            raise self.error(rule.name, "short_window", "short_window must be shorter than window.")
        if rule.form == "forecast" and not rule.horizon:
            raise self.error(rule.name, None, 'a forecast needs horizon = "TIME".')
        if rule.form in {"count", "absence", "burn"} and not rule.is_above:
            raise self.error(rule.name, "below", f"a {rule.form} has above, not below.")

    def _line(self, name: str, key: str | None) -> int:
        """The line of a rule's key, of its table where it has no such line."""
        start = self._find(rf"\s*\[\s*rules\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*\]", quote=False)
        if key is None:
            return start
        for number, line in enumerate(self.lines[start:], start + 1):
            if line.lstrip().startswith("["):
                return start
            if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
                return number
        return start

    def _find(self, what: str, *, quote: bool = True) -> int:
        pattern = re.compile(rf"\s*\[*\s*[\"']?{re.escape(what)}" if quote else what)
        return next((n for n, line in enumerate(self.lines, 1) if pattern.match(line)), 1)


def _without_bounds(shipped: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The shipped keys, without bounds that an own bound takes the place of."""
    if not own.keys() & {"above", "below"}:
        return dict(shipped)
    return {key: shipped[key] for key in shipped if key not in {"above", "below", "resolve"}}


def _check_inhibits(document: _Document, rules: Mapping[str, Rule]) -> None:
    for name in document.tables:
        for other in rules[name].inhibits:
            if other not in rules or other == name:
                allowed = ", ".join(sorted(rules.keys() - {name}))
                raise document.error(
                    name, "inhibits", f"there is no other rule {other!r}; there are {allowed}."
                )


def _unknown(key: str) -> str:
    near = get_close_matches(key, FIELDS, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{key} is no key of a rule.{hint} Allowed: {_listed(sorted(FIELDS))}."


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(keys)


def _syntax(message: str, lines: int) -> str:
    """Tomllib's message as a line and a sentence."""
    place = _PLACE.search(message)
    line = int(place[1]) if place and place[1] else max(lines, 1)
    said = _PLACE.sub("", message).strip().rstrip(".")
    return f"line {line}: this is no TOML: {said}. A line is a table [rules.NAME] or KEY = VALUE."
