"""The Celery application."""

from __future__ import annotations

from celery import Celery

from dbsbm.settings import Settings, load_settings
from tasks.base import FleetTask


def build_app(settings: Settings) -> Celery:
    """The fleet's app. Opens no connection."""
    app = Celery("dbsbm", task_cls=FleetTask)
    app.config_from_object("celeryconfig")
    app.conf.broker_url = settings.broker.get_secret_value()
    app.conf.worker_logfile = None
    return app


app = build_app(load_settings())

from workers import lifecycle  # noqa: E402 - connects signals, which need the app to exist

lifecycle.connect(app)
