"""The Celery application of workers, beat and Flower."""

from __future__ import annotations

from typing import Any

from celery import Celery, signals

from dbsbm import logs
from dbsbm.settings import Settings, load_settings
from workers import role


def build_app(settings: Settings) -> Celery:
    """The fleet's app. Opens no connection.

    The task class is named, not imported: beat and Flower run no task, and are spared the product.
    """
    app = Celery("dbsbm", task_cls="tasks.base:FleetTask")
    app.config_from_object("celeryconfig")
    app.conf.broker_url = settings.broker.get_secret_value()
    return app


app = build_app(load_settings())


@signals.setup_logging.connect
def _set_up_logging(**_kwargs: Any) -> None:
    logs.configure(load_settings(), role.name)


@signals.celeryd_init.connect
def _prepare_worker(**_kwargs: Any) -> None:
    from workers import lifecycle  # noqa: PLC0415 - only a worker needs the product

    lifecycle.connect(app)
