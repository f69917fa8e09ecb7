"""Incidents as the ledger writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dbsbm.db.models import AlertSilence, Incident

BEGAN = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def an_incident(**values: Any) -> Incident:
    """A page that fires, with evidence; `values` change it."""
    return Incident(
        **{
            "id": 12,
            "rule": "slow-queries",
            "series": "",
            "severity": "page",
            "state": "firing",
            "effect": "Commands answer late: the database takes longer than a second.",
            "runbook": "slow-queries",
            "unit": "s",
            "started_at": BEGAN,
            "fired_at": BEGAN + timedelta(minutes=3),
            "value": 2.5,
            "worst": 4.25,
            "threshold": 1.0,
            "evidence": {
                "top": [
                    {
                        "labels": {"fingerprint": "abc"},
                        "share": 0.62,
                        "count": 1200,
                        "mean": 0.9,
                        "text": "SELECT * FROM `bets` WHERE guild_id = ?",
                    }
                ],
                "changes": [
                    {
                        "at": "2026-03-01T11:50:00+00:00",
                        "kind": "deploy",
                        "summary": "Release 2 replaced 1.",
                        "by": "fleet",
                    }
                ],
            },
            "version": 1,
            "told_version": 0,
            "posts": 0,
            "updated_at": BEGAN,
        }
        | values
    )


def a_silence(**values: Any) -> AlertSilence:
    """Two hours of quiet about its rule."""
    return AlertSilence(
        **{
            "rule": "slow-queries",
            "series": "",
            "until": BEGAN + timedelta(hours=2),
            "by": "Ann",
            "reason": "",
            "created_at": BEGAN,
        }
        | values
    )


def over(**values: Any) -> Incident:
    """The same, resolved after 12 minutes and 30 seconds."""
    end = BEGAN + timedelta(minutes=12, seconds=30)
    done = {"state": "resolved", "resolved_at": end, "resolution": "recovered", "version": 2}
    return an_incident(**done | values)
