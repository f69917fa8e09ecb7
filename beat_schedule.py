"""What runs when: one literal table, read by `workers.scheduler`.

Each entry: the task, its schedule (seconds, or a crontab in UTC), its arguments, and
  catch_up  what becomes of slots that an outage passed over: "latest" makes up the newest and
            records the others as missed; "all" makes up every one.
  lease     seconds after which a slot that is still running counts as abandoned.
SCHEDULE_OVERRIDES changes an interval without a change here.
"""

from celery.schedules import crontab

SCHEDULE = {
    "outbox-relay": {
        "task": "tasks.outbox.relay",
        "schedule": 5.0,
        "catch_up": "latest",
        "lease": 60,
    },
    "metric-sample": {
        "task": "tasks.monitor.sample",
        "schedule": 30.0,
        "catch_up": "latest",
        "lease": 60,
    },
    "metric-rollup": {
        "task": "tasks.monitor.roll_up",
        "schedule": 300.0,
        "catch_up": "latest",
        "lease": 60,
    },
    "alerts": {
        "task": "tasks.monitor.alerts",
        "schedule": 30.0,
        "catch_up": "latest",
        "lease": 60,
    },
    "games-refresh": {
        "task": "tasks.games.refresh",
        "schedule": 120.0,
        "catch_up": "latest",
        "lease": 180,
    },
    "grading": {
        "task": "tasks.bets.grade",
        "schedule": 60.0,
        "catch_up": "latest",
        "lease": 120,
    },
    "cache-warm": {
        "task": "tasks.cache.warm",
        "schedule": 300.0,
        "kwargs": {
            "categories": [
                "league_data",
                "team_data",
                "game_data",
                "guild_data",
                "hot_keys",
                "kick_offs",
            ]
        },
        "catch_up": "latest",
        "lease": 120,
    },
    "cache-cleanup": {
        "task": "tasks.cache.cleanup",
        "schedule": 3600.0,
        "catch_up": "latest",
        "lease": 120,
    },
    "optimizer-analysis": {
        "task": "tasks.optimizer.analyse",
        "schedule": 900.0,
        "catch_up": "latest",
        "lease": 120,
    },
    "optimizer-auto": {
        "task": "tasks.optimizer.auto",
        "schedule": 900.0,
        "catch_up": "latest",
        "lease": 120,
    },
    "daily-report": {
        "task": "tasks.monitor.report",
        "schedule": crontab(minute="0", hour="7"),
        "catch_up": "latest",
        "lease": 120,
    },
    "retention": {
        "task": "tasks.retention.prune",
        "schedule": crontab(minute="17", hour="4"),
        "catch_up": "latest",
        "lease": 300,
    },
}
