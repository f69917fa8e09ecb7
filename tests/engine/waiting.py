"""pytest-docker-tools looks once a second; a local container changes in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest
from pytest_docker_tools.exceptions import TimeoutError as NotInTimeError

from tests.servers import wait_until

# `wait_for_callable` is imported by name, so each importing module holds its own.
_MODULES = (
    "pytest_docker_tools.factories.container",
    "pytest_docker_tools.wrappers.container",
    "pytest_celery.api.container",
    "pytest_celery.api.base",
)


def wait_promptly(message: str, func: Callable[[], object], timeout: float = 30) -> None:
    """Do what pytest-docker-tools' `wait_for_callable` does, looking every 20 ms.

    Raises:
        pytest_docker_tools.exceptions.TimeoutError: `func` returned nothing true in time.
    """
    try:
        wait_until(func, timeout, message)
    except AssertionError as error:
        raise NotInTimeError(str(error)) from error


def adapt(patch: pytest.MonkeyPatch) -> None:
    """Adapt pytest-docker-tools to containers that are processes beside the tests."""
    for module in _MODULES:
        # A dotted name would lead to the factory function that hides the module of its name.
        patch.setattr(import_module(module), "wait_for_callable", wait_promptly)
    # Within a container it would dial the container's own address and port instead of the
    # published one, also when the engine is local.
    patch.setattr("pytest_docker_tools.wrappers.container.tests_inside_container", lambda: False)
