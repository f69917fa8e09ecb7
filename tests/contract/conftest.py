"""The fleet's task registry, read without a broker, a setting or a worker."""

from __future__ import annotations

import importlib

import pytest
from celery import Celery, Task

import celeryconfig


@pytest.fixture(scope="session")
def registry() -> dict[str, Task]:
    """Every task that a worker of the fleet registers, by name."""
    app = Celery("contract", task_cls="tasks.base:FleetTask", set_as_current=False)
    app.config_from_object("celeryconfig")
    for module in celeryconfig.imports:
        importlib.import_module(module)
    app.finalize()
    # By module, not by name: Celery and pytest-celery register tasks of their own here.
    return {name: task for name, task in app.tasks.items() if task.__module__.startswith("tasks.")}
