"""What the bot and the product send by name exists, and can be called with what they send."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Task

from dbsbm.commands.handle import DELIVER_TASK, RENDER_TASK

ROOT = Path(__file__).parents[2]
TASK_NAME = re.compile(r"tasks\.\w+\.\w+")


@dataclass(frozen=True)
class Sending:
    """A call in the bot that names a task."""

    where: str
    task: str
    arguments: tuple[str, ...]


def sendings() -> Iterator[Sending]:
    for file in sorted((ROOT / "bot").rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call):
                where = f"{file.relative_to(ROOT)}:{call.lineno}"
                yield from (Sending(where, name, _arguments(call)) for name in _names(call))


def _names(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        if isinstance(argument, ast.Constant) and TASK_NAME.fullmatch(str(argument.value)):
            yield str(argument.value)


def _arguments(call: ast.Call) -> tuple[str, ...]:
    """`send_soon` takes the task's arguments as they are; all else sends a command."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "send_soon"):
        return ("command",)
    literal = call.args[1]
    assert isinstance(literal, ast.Dict), "write the arguments where the task is named"
    return tuple(ast.literal_eval(key) for key in literal.keys if key is not None)


SENDINGS = list(sendings())


def test_every_task_that_the_bot_mentions_is_found_in_a_call() -> None:
    text = "".join(file.read_text() for file in (ROOT / "bot").rglob("*.py"))

    assert set(re.findall(r'"(tasks\.\w+\.\w+)"', text)) == {each.task for each in SENDINGS}
    assert len(SENDINGS) >= 6


@pytest.mark.parametrize("sending", SENDINGS, ids=lambda sending: sending.task)
def test_what_the_bot_sends_is_registered_and_fits(
    sending: Sending, registry: dict[str, Task]
) -> None:
    signature = inspect.signature(registry[sending.task].run)

    signature.bind(**dict.fromkeys(sending.arguments))


@pytest.mark.parametrize("name", [RENDER_TASK, DELIVER_TASK])
def test_what_the_outbox_sends_is_registered_and_fits(name: str, registry: dict[str, Task]) -> None:
    inspect.signature(registry[name].run).bind(effect_id=1)
