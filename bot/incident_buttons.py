"""The buttons below an incident's message."""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.decision_button import Kind, decision_button
from bot.dispatcher import Dispatcher
from dbsbm.errors import UserError
from dbsbm.wire.incident_buttons import PATTERN, Deed

NOT_ALLOWED = "Only members who may manage this server can decide about incidents."


def incident_button(dispatcher: Dispatcher) -> Kind:
    """The buttons that acknowledge or silence an incident."""
    return decision_button(
        dispatcher, "tasks.incidents.decide", pattern=PATTERN, options=_options, check=_check
    )


def _options(match: re.Match[str]) -> dict[str, Any]:
    return {"incident": int(match["incident"]), "deed": Deed(match["deed"]).value}


def _check(rights: discord.Permissions) -> None:
    if not (rights.administrator or rights.manage_guild):
        raise UserError(NOT_ALLOWED)
