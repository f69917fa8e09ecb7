"""Prometheus' rules and Grafana's dashboard name what the fleet exports, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from dbsbm.monitor.exposition import exported_names
from tests.contract.compose import COMPOSE, ROOT, SERVICES

RULES: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
SCRAPES: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/fleet.json").read_text())
EVERY_RULE = [rule for group in RULES["groups"] for rule in group["rules"]]
RECORDED = {rule["record"] for rule in EVERY_RULE if "record" in rule}


def panel_expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


EXPRESSIONS = [*(rule["expr"] for rule in EVERY_RULE), *panel_expressions()]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_that_is_asked_for_is_exported(expression: str) -> None:
    named = set(re.findall(r"\bdbsbm[_:][a-z0-9_:]+", expression))

    assert named
    assert named <= exported_names() | RECORDED


def test_an_alert_says_how_bad_it_is_and_what_it_means() -> None:
    alerts = [rule for rule in EVERY_RULE if "alert" in rule]

    assert len({alert["alert"] for alert in alerts}) == len(alerts) > 15
    for alert in alerts:
        assert alert["labels"]["severity"] in {"page", "warn", "info"}
        assert alert["annotations"]["summary"].endswith(".")


def test_panels_have_numbers_of_their_own_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    places = {
        (x, y)
        for grid in (panel["gridPos"] for panel in panels)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    }

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(places) == sum(each["gridPos"]["w"] * each["gridPos"]["h"] for each in panels)
    assert max(x for x, _ in places) == 23


def test_prometheus_reads_the_dashboard_with_the_token_that_both_were_given() -> None:
    [job] = SCRAPES["scrape_configs"]
    [target] = job["static_configs"][0]["targets"]
    name, port = target.split(":")

    assert str(SERVICES[name]["environment"]["DASHBOARD_PORT"]) == port
    assert job["authorization"]["credentials_file"] == "/run/secrets/metrics_token"
    assert "metrics_token" in COMPOSE["secrets"]


def test_the_rules_and_the_pages_are_mounted_where_they_are_looked_for() -> None:
    def targets(service: str) -> dict[str, str]:
        return {each["source"]: each["target"] for each in SERVICES[service]["configs"]}

    provider = yaml.safe_load((ROOT / "deploy/grafana/dashboards.yml").read_text())
    source = yaml.safe_load((ROOT / "deploy/grafana/datasource.yml").read_text())
    uids = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if "datasource" in panel}

    assert SCRAPES["rule_files"] == [targets("prometheus")["prometheus_rules"]]
    [folder] = [each["options"]["path"] for each in provider["providers"]]
    assert targets("grafana")["grafana_fleet"].startswith(f"{folder}/")
    assert uids == {source["datasources"][0]["uid"]}
