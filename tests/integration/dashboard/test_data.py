"""What the page is told, over TCP, of real rows."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from dbsbm.dashboard.views.charts import CHARTS
from dbsbm.dashboard.views.sections import SECTIONS
from dbsbm.dashboard.views.tables import TABLES
from dbsbm.db.models import OptimizerRun, SchemaChange
from tests.integration.dashboard.fleet import SQL, ago, busy_minute, finding, incident, rows
from tests.integration.dashboard.served import Served
from tests.integration.dashboard.test_access import csrf_token


def fill(served: Served) -> None:
    for minute in range(1, 30):
        busy_minute(served.past, ago(minutes=minute))
    served.past.store()
    served.add(*rows(), incident(7))


def table(client: httpx.Client, name: str, **query: str) -> list[list[Any]]:
    answer = client.get(f"/data/table/{name}", params=query)
    assert answer.status_code == 200, answer.text
    return [row["cells"] for row in answer.json()["rows"]]


def test_health_says_what_is_wrong_and_how_much_there_is(served_anywhere: Served) -> None:
    fill(served_anywhere)
    client = served_anywhere.client()
    content = client.get("/data/health").json()

    health = content["health"]
    assert health["verdict"]["level"] == "unwell"
    assert [reason["text"] for reason in health["verdict"]["reasons"]] == [
        "Members wait for their slips (queue=images).",
        "1 dead letter waits for somebody to mend the cause and replay them.",
    ]
    values = {tile["id"]: tile["value"] for tile in health["tiles"]}
    assert values["queue-wait"] == pytest.approx(0.05, rel=0.01)
    assert values["hit-rate"] == 0.95
    assert values["memory"] == pytest.approx(150 * 2.0**20, rel=1e-4)
    assert values["incidents"] == 1
    assert all(len(tile["spark"]) <= 61 for tile in health["tiles"])
    assert 0 <= content["now"] - health["last_sample"] < 120


def test_an_empty_database_is_shown_without_an_error(served_anywhere: Served) -> None:
    client = served_anywhere.client()
    health = client.get("/data/health").json()["health"]
    charts = [client.get(f"/data/chart/{name}").json() for name in CHARTS]
    found = [table(client, name, **{"where.incident": "1", "where.trace": "x"}) for name in TABLES]

    assert health["verdict"]["level"] == "unknown"
    assert [chart["lines"] for chart in charts] == [[]] * len(CHARTS)
    assert found == [[]] * len(TABLES)


def test_every_panel_is_read_for_an_hour_and_for_a_year(served_anywhere: Served) -> None:
    fill(served_anywhere)
    client = served_anywhere.client()
    for name in SECTIONS:
        assert client.get(f"/data/view/{name}").json()["blocks"]
    for span in ("1h", "1y"):
        for kind, names in (("chart", CHARTS), ("table", TABLES)):
            for name in names:
                where = {"where.incident": "7", "where.trace": "trace-1"} if kind == "table" else {}
                answer = client.get(f"/data/{kind}/{name}", params={"range": span, **where})
                assert answer.status_code == 200, (name, span, answer.text)


def test_statements_show_their_text_and_share_of_the_time(served: Served) -> None:
    fill(served)
    client = served.client()
    found = table(client, "statements")
    view = client.get("/data/view/queries/a1b2").json()

    assert [row[0] for row in found] == [SQL, "c3d4"]
    assert found[0][3] == pytest.approx(0.9)
    texts = [block["text"] for block in view["blocks"] if block["kind"] == "code"]
    assert texts == [SQL, "table: games  type: ALL  rows: 48210"]
    charts = [block for block in view["blocks"] if block["kind"] == "chart"]
    assert charts
    assert all(block["where"] == {"fingerprint": "a1b2"} for block in charts)


def test_a_name_with_a_slash_is_one_name(served: Served) -> None:
    fill(served)
    client = served.client()
    (row,) = client.get("/data/table/endpoints").json()["rows"]
    view = client.get(f"/data/view{row['href']}").json()

    assert row["href"] == "/calls/espn/score%2Fboard"
    assert view["title"] == "espn score/board"
    facts = {fact["title"]: fact["value"] for fact in view["blocks"][0]["facts"]}
    assert facts["share of all time"] == 1.0


def test_a_trace_tells_a_command_from_end_to_end_and_keeps_its_tokens(served: Served) -> None:
    fill(served)
    client = served.client()
    answer = client.get("/data/table/trace", params={"where.trace": "trace-1"})

    cells = [row["cells"] for row in answer.json()["rows"]]
    assert [tuple(row[1:4]) for row in cells] == [
        ("command", "/bet", "received"),
        ("command", "/bet", "placed"),
        ("effect", "tasks.discord.deliver", "promised"),
        ("effect", "tasks.discord.deliver", "done"),
        ("dead letter", "tasks.discord.deliver", "given up"),
    ]
    assert "sealed-token" not in answer.text


def test_an_incident_is_acknowledged_and_silenced(served: Served) -> None:
    fill(served)
    client = served.client()
    client.headers["X-CSRF-Token"] = csrf_token(client)
    view = client.get("/data/view/alerts/7").json()
    assert {"kind": "actions", "incident": 7} in view["blocks"]
    assert table(client, "changes-before", **{"where.incident": "7"})[0][2] == "Release 0.2.0"

    assert client.post("/data/incidents/7/acknowledge").status_code == 200
    quiet = client.post("/data/incidents/7/silence", json={"for": "8h"})
    assert quiet.status_code == 200
    refused = client.post("/data/incidents/7/silence", json={"for": "a week"})
    assert refused.json() == {"error": "Silence it for one of: 1h, 8h, 24h."}

    assert table(client, "incidents")[0][-1] == "operator (dashboard)"
    assert table(client, "evidence", **{"where.incident": "7"}) == [
        ["task=tasks.slips.render", 0.71, 12, None]
    ]
    ((rule, about, until, by, _reason),) = table(client, "silences")
    assert (rule, about, by) == ("queue-wait", "queue=images", "operator (dashboard)")
    assert until == pytest.approx(time.time() + 8 * 3600, abs=60)
    told = client.get("/data/view/alerts/7").json()["blocks"][0]["facts"]
    assert {"title": "worst", "value": "17.9 s", "unit": "text"} in told


def test_a_finding_shows_its_statement_what_helps_and_what_became_of_it(served: Served) -> None:
    fill(served)
    client = served.client()
    (row,) = table(client, "findings")
    assert row[:5] == [
        "warning",
        "table games",
        "missing-index",
        "A statement reads 48,210 rows and returns 9.",
        "open",
    ]
    assert table(client, "past-findings") == []

    view = client.get(f"/data/view/findings/{'f' * 32}").json()
    code = {block["title"]: block["text"] for block in view["blocks"] if block["kind"] == "code"}
    assert code["Statement"] == "SELECT * FROM games WHERE league = ?"
    advice = {
        block["title"]: [(line["text"], line["code"]) for line in block["lines"]]
        for block in view["blocks"]
        if block["kind"] == "advice"
    }
    assert advice["What helps"] == [("CREATE INDEX ix ON games (league)", True)]
    assert ("python -m dbsbm optimizer apply ffffffff", True) in advice["On the command line"]
    (evidence,) = (block for block in view["blocks"] if block.get("title") == "Evidence")
    assert evidence["facts"] == [{"title": "rows read", "value": 48210, "unit": "count"}]
    ((_, *step),) = table(client, "finding-steps", **{"where.finding": "f" * 32})
    assert step == ["new", "open", "analysis", "run: 1"]


def advised(client: httpx.Client, finding: str) -> list[str]:
    """What its page says can be typed."""
    blocks = client.get(f"/data/view/findings/{finding}").json()["blocks"]
    (lines,) = (each["lines"] for each in blocks if each.get("title") == "On the command line")
    return [line["text"].removeprefix("python -m dbsbm optimizer ") for line in lines]


def in_force(digit: str) -> SchemaChange:
    """What was done for a finding, and not undone."""
    return SchemaChange(
        finding_id=digit * 32,
        target="",
        kind="apply",
        state="done",
        actor="a person",
        schema_name="fleet",
        table_name="games",
        statement="ALTER TABLE games ADD INDEX ix (league)",
        before="",
        intended_at=ago(days=1),
    )


def test_the_commands_of_a_finding_are_those_that_can_follow(served: Served) -> None:
    advice, foreign = finding("a", fix=["Enlarge the disk."]), finding("b", target="box:3306/shop")
    served.add(advice, foreign, finding("c", state="applied"), finding("d", state="gone"))
    served.add(in_force("c"), in_force("d"))
    client = served.client()

    assert advised(client, "a" * 32) == ["show aaaaaaaa", "dismiss aaaaaaaa"]
    where = "--database-url mysql://USER@box:3306/shop --ask-password"
    assert f"prove bbbbbbbb {where}" in advised(client, "b" * 32)
    assert "dismiss bbbbbbbb" in advised(client, "b" * 32)
    assert advised(client, "c" * 32) == ["show cccccccc", "keep cccccccc", "revert cccccccc"]
    assert advised(client, "d" * 32) == ["show dddddddd", "revert dddddddd"]


def test_a_proof_is_shown_in_numbers(served: Served) -> None:
    trial = {"values": "rare", "rows": [80001, 2], "pages": [296, None], "ms": [13.58, 0.014]}
    proof = {
        "verdict": "proved",
        "reasons": [],
        "cost": [8000, 2],
        "statements": [{"statement": "SELECT 1", "trials": [trial]}],
        "not_replayed": [],
    }
    served.add(finding("d", state="proved", proof=proof))
    client = served.client()

    assert table(client, "finding-proof", **{"where.finding": "d" * 32}) == [
        ["SELECT 1", "rare", "80,001 → 2", "296 → -", "13.58 → 0.014 ms"]
    ]
    blocks = client.get(f"/data/view/findings/{'d' * 32}").json()["blocks"]
    (lines,) = (each["lines"] for each in blocks if each.get("title") == "Proof")
    assert lines == ["Proved.", "What was replayed costs 8,000 before and 2 after."]


def test_the_last_analysis_is_that_of_the_fleet_however_long_ago(served: Served) -> None:
    lacks = ["system.disk, system.memory: Two days of samples are needed.", "load: Nothing ran."]
    run = {"seconds": 1.5, "rules": 44, "findings": 3, "healthy": False, "trace_id": "t"}
    served.add(
        OptimizerRun(started_at=ago(days=3), not_enabled=lacks, **run),
        OptimizerRun(started_at=ago(minutes=5), not_enabled=[], target="box/shop", **run),
    )
    client = served.client()

    assert [row[1:] for row in table(client, "last-analysis")] == [["unhealthy", 3, 44, 3, 1.5]]
    assert table(client, "not-looked-at") == [
        ["system.disk, system.memory", "Two days of samples are needed."],
        ["load", "Nothing ran."],
    ]
    assert [row[-1] for row in table(client, "analyses")] == ["box/shop"]


@pytest.mark.parametrize(
    "path",
    [
        "/data/view/nothing",
        "/data/view/tasks/a/b/c",
        "/data/view/alerts/0x10",
        "/data/view/alerts/99",
        "/data/view/findings/none",
        "/data/chart/none",
        "/data/view/alerts/" + "9" * 30,
        "/data/table/none",
        "/data/table/trace",
        "/data/table/evidence?where.task=a",
        "/data/table/changes-before?where.incident=none",
        "/data/chart/task-wait?range=2h",
        "/data/chart/task-wait?where.a=1&where.b=1&where.c=1&where.d=1&where.e=1",
    ],
)
def test_what_there_is_not_is_said_in_a_sentence(served: Served, path: str) -> None:
    client = served.client()
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "-1"])
@pytest.mark.parametrize("action", ["acknowledge", "silence"])
def test_an_incident_that_cannot_be_is_said_so(served: Served, action: str, number: str) -> None:
    client = served.client()
    token = {"X-CSRF-Token": csrf_token(client)}
    answer = client.post(f"/data/incidents/{number}/{action}", json={"for": "1h"}, headers=token)
    assert (answer.status_code, answer.json()["error"][:8]) == (404, "There is")


def test_news_come_by_themselves_and_the_reader_ends_with_the_last_page(served: Served) -> None:
    fill(served)
    with served.client().stream("GET", "/data/live") as stream:
        lines = stream.iter_lines()
        first = next(json.loads(line[5:]) for line in lines if line.startswith("data:"))
        assert first["health"]["incidents"] == 1
        served.add(incident(8, series="queue=fetch"))
        second = next(json.loads(line[5:]) for line in lines if line.startswith("data:"))
        assert second["health"]["incidents"] == 2
    served.wait_for_listeners(0)


def test_a_database_that_is_away_is_said_so_and_comes_back(served: Served, monkeypatch) -> None:
    from dbsbm.errors import TransientError

    def fail() -> None:
        raise TransientError("The database is away.")

    client = served.client()
    monkeypatch.setattr(served.database, "read", fail)
    health = client.get("/data/health").json()["health"]
    chart = client.get("/data/chart/task-wait")
    monkeypatch.undo()
    again = client.get("/data/chart/task-wait")

    assert health["verdict"]["reasons"][0]["text"] == "The database is away."
    assert (chart.status_code, chart.headers["Retry-After"]) == (503, "5")
    assert again.status_code == 200
