"""`python -m tests.smoke.standin`: the Discord stand-in, and what Discord's own client prevents.

Whoever forges a client sends options that were never offered; a gateway that resumes may send an
interaction twice. Both come from here, and the tokens of interactions can be read, so that a test
knows what to look for where no token may be.
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

from dbsbm.sandbox.discord.__main__ import parser, read_token, serve
from dbsbm.sandbox.discord.app import DiscordStandin
from dbsbm.sandbox.discord.callbacks import FirstAnswers
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.default_world import default_world
from dbsbm.sandbox.discord.interactions import InteractionType
from dbsbm.sandbox.discord.jsonio import Json, json_response
from dbsbm.sandbox.discord.member_actions import Actor
from dbsbm.sandbox.discord.world import Member, User, World

ZOE = User("1320000000000000099", "zoe", "Z" + "\u0310\u0337\u0334\u0321\u0356" * 6 + "oe\u0301")
"""Thirty marks on one letter, and an accent that belongs where it is."""


class ForgedRoutes:
    """What no client of Discord's would do."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._sent: dict[str, tuple[Json, str]] = {}
        self._dispatch = core.hub.dispatch
        core.hub.dispatch = self._remember

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/forged/interactions", self._run),
            web.post("/forged/interactions/{id}/again", self._again),
            web.get("/forged/interactions/{id}", self._show),
        ]

    def _remember(self, event: str, data: Json, guild_id: str, *rest: object) -> int:
        if event == "INTERACTION_CREATE":
            self._sent[data["id"]] = (data, guild_id)
        return self._dispatch(event, data, guild_id, *rest)

    async def _run(self, request: web.Request) -> web.Response:
        """Send a command with options and permissions that nobody checks."""
        asked = await request.json()
        actor = Actor(self._core, FirstAnswers(self._core), asked)
        command = next(
            c for c in self._core.commands.in_guild(actor.guild.id) if c["name"] == asked["command"]
        )
        types = {option["name"]: option["type"] for option in command.get("options", ())}
        options = [
            {"name": name, "type": types[name], "value": value}
            for name, value in asked["options"].items()
        ]
        data = {"id": command["id"], "name": command["name"], "type": 1, "options": options}
        return json_response({"id": actor._send(InteractionType.COMMAND, "/forged", data).id}, 201)

    async def _again(self, request: web.Request) -> web.Response:
        """Send what was sent before."""
        data, guild_id = self._sent[request.match_info["id"]]
        return json_response({"sessions": self._dispatch("INTERACTION_CREATE", data, guild_id)})

    async def _show(self, request: web.Request) -> web.Response:
        return json_response(self._sent[request.match_info["id"]][0])


class ForgingStandin(DiscordStandin):
    """The stand-in with the forged routes."""

    def _application(self) -> web.Application:
        app = super()._application()
        app.add_routes(ForgedRoutes(self.core).routes())
        return app


def world(crowd: int) -> World:
    made = default_world(crowd)
    club = next(iter(made.guilds.values()))
    club.members[ZOE.id] = Member(ZOE)
    return made


def main() -> int:
    options = parser().parse_args()
    token = read_token(options.token_file)
    standin = ForgingStandin(token, port=options.port, world=world(options.crowd))
    asyncio.run(serve(standin))
    return 0


if __name__ == "__main__":
    sys.exit(main())
