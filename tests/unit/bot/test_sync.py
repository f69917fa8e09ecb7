from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.sync import fingerprint, sync_commands


class FakeTree:
    """A command tree, and Discord's side of it."""

    def __init__(self, **commands: str) -> None:
        self.commands = commands
        self.at_discord: set[str] = set()
        self.syncs = 0
        self.error: Exception | None = None
        self.client = SimpleNamespace(application_id=42)

    def get_commands(self) -> list[Any]:
        return [
            SimpleNamespace(name=name, to_dict=lambda _, n=name, d=text: {"name": n, "text": d})
            for name, text in self.commands.items()
        ]

    async def fetch_commands(self) -> list[Any]:
        if self.error is not None:
            raise self.error
        return [SimpleNamespace(name=name) for name in self.at_discord]

    async def sync(self) -> None:
        if self.error is not None:
            raise self.error
        self.syncs += 1
        self.at_discord = set(self.commands)


async def sync(tree: FakeTree, folder: Path) -> bool:
    return await sync_commands(tree, folder)  # type: ignore[arg-type]


async def test_commands_are_registered_once_and_not_on_each_start(tmp_path: Path) -> None:
    tree = FakeTree(bet="Place a bet")
    assert await sync(tree, tmp_path)
    for _ in range(3):
        assert not await sync(tree, tmp_path)
    assert tree.syncs == 1


async def test_a_changed_description_is_registered(tmp_path: Path) -> None:
    tree = FakeTree(bet="Place a bet")
    await sync(tree, tmp_path)
    tree.commands["bet"] = "Place a bet on a game"
    assert await sync(tree, tmp_path)


async def test_commands_that_discord_has_lost_are_registered_again(tmp_path: Path) -> None:
    tree = FakeTree(bet="Place a bet")
    await sync(tree, tmp_path)
    tree.at_discord.clear()
    assert await sync(tree, tmp_path)


async def test_another_application_has_commands_of_its_own(tmp_path: Path) -> None:
    tree = FakeTree(bet="Place a bet")
    await sync(tree, tmp_path)
    tree.client.application_id = 43
    assert await sync(tree, tmp_path)


async def test_a_failure_is_logged_and_tried_again_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tree = FakeTree(bet="Place a bet")
    tree.error = OSError("Discord is away")
    assert not await sync(tree, tmp_path)
    assert [(r.levelno, r.action) for r in caplog.records] == [(logging.ERROR, "bot.sync")]  # type: ignore[attr-defined]
    tree.error = None
    assert await sync(tree, tmp_path)


async def test_a_folder_that_cannot_be_written_costs_a_registration_and_no_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    tree = FakeTree(bet="Place a bet")
    assert await sync(tree, in_the_way / "data")
    assert await sync(tree, in_the_way / "data")
    assert "cannot be kept" in caplog.text


def test_the_order_of_commands_does_not_matter() -> None:
    one, other = FakeTree(a="x", b="y"), FakeTree(b="y", a="x")
    assert fingerprint(one) == fingerprint(other)  # type: ignore[arg-type]
