"""The buttons below the optimizer's findings."""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.decision_button import Kind, decision_button
from bot.dispatcher import Dispatcher
from dbsbm.errors import UserError
from dbsbm.wire.finding_buttons import FINDING_PATTERN, FindingDeed

NOT_ALLOWED = "Only administrators can decide about the fleet's database."


def finding_button(dispatcher: Dispatcher) -> Kind:
    """The buttons that prove, apply, keep, undo or dismiss a finding."""
    return decision_button(
        dispatcher,
        "tasks.optimizer.decide",
        pattern=FINDING_PATTERN,
        options=_options,
        check=_check,
    )


def _options(match: re.Match[str]) -> dict[str, Any]:
    return {"finding": match["finding"], "deed": FindingDeed(match["deed"]).value}


def _check(rights: discord.Permissions) -> None:
    if not rights.administrator:
        raise UserError(NOT_ALLOWED)
