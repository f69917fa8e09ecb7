"""REST routes about the bot itself, and about users."""

from __future__ import annotations

from aiohttp import web

from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.errors import ApiError, unknown
from dbsbm.sandbox.discord.gateway import gateway_url
from dbsbm.sandbox.discord.jsonio import Json, json_response
from dbsbm.sandbox.discord.permissions import Permission


class IdentityRoutes:
    """Who the bot is, where its gateway is, which guilds it is in.

    Args:
        core: The stand-in's state.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/users/@me", self._me),
            web.get("/users/@me/guilds", self._guilds),
            web.post("/users/@me/channels", self._direct_message),
            web.get("/users/{user_id}", self._user),
            web.get("/oauth2/applications/@me", self._application),
            web.get("/applications/@me", self._application),
            web.get("/applications/{application_id}/emojis", self._emojis),
            web.get("/gateway", self._gateway),
            web.get("/gateway/bot", self._gateway_bot),
        ]

    async def _me(self, _: web.Request) -> web.Response:
        extra = {"mfa_enabled": True, "verified": True, "email": None, "flags": 0}
        return json_response({**self._core.world.bot.payload(), **extra})

    async def _user(self, request: web.Request) -> web.Response:
        user = self._core.world.users.get(request.match_info["user_id"])
        if user is None:
            raise unknown("User")
        return json_response(user.payload())

    async def _guilds(self, _: web.Request) -> web.Response:
        return json_response(
            [
                {
                    "id": guild.id,
                    "name": guild.name,
                    "icon": None,
                    "banner": None,
                    "owner": False,
                    "permissions": str(int(Permission.VIEW_CHANNEL)),
                    "features": [],
                }
                for guild in self._core.world.guilds.values()
            ]
        )

    async def _direct_message(self, _: web.Request) -> web.Response:
        # Every member here has closed their direct messages, which a bot must expect anyway.
        raise ApiError(403, 50007, "Cannot send messages to this user")

    async def _application(self, _: web.Request) -> web.Response:
        world = self._core.world
        owner = next(iter(world.guilds.values())).owner_id
        application: Json = {
            "id": world.application_id,
            "name": world.bot.global_name,
            "icon": None,
            "description": "",
            "summary": "",
            "rpc_origins": [],
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "00" * 32,
            "owner": world.users[owner].payload(),
            "team": None,
            "flags": 0,
            "bot": world.bot.payload(),
            "approximate_guild_count": len(world.guilds),
            "approximate_user_install_count": 0,
            "integration_types_config": {"0": {}},
        }
        return json_response(application)

    async def _emojis(self, _: web.Request) -> web.Response:
        return json_response({"items": []})

    async def _gateway(self, request: web.Request) -> web.Response:
        return json_response({"url": gateway_url(request)})

    async def _gateway_bot(self, request: web.Request) -> web.Response:
        limit = {"total": 1_000, "remaining": 1_000, "reset_after": 0, "max_concurrency": 1}
        body = {"url": gateway_url(request), "shards": 1, "session_start_limit": limit}
        return json_response(body)
