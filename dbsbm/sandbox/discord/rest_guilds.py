"""REST routes that read guilds, roles and members."""

from __future__ import annotations

from aiohttp import web

from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.errors import invalid_form, missing_access, unknown
from dbsbm.sandbox.discord.jsonio import json_response
from dbsbm.sandbox.discord.world import Guild


class GuildRoutes:
    """Guilds as the bot may read them.

    Args:
        core: The stand-in's state.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        root = "/guilds/{guild_id}"
        return [
            web.get(root, self._guild),
            web.get(root + "/channels", self._channels),
            web.get(root + "/roles", self._roles),
            web.get(root + "/roles/{role_id}", self._role),
            web.get(root + "/members", self._members),
            web.get(root + "/members/search", self._search),
            web.get(root + "/members/{user_id}", self._member),
        ]

    def _of(self, request: web.Request) -> Guild:
        return self._core.world.guild(request.match_info["guild_id"])

    async def _guild(self, request: web.Request) -> web.Response:
        guild = self._of(request)
        body = guild.payload()
        if request.query.get("with_counts") in ("1", "true", "True"):
            count = len(guild.members)
            body |= {"approximate_member_count": count, "approximate_presence_count": count}
        return json_response(body)

    async def _channels(self, request: web.Request) -> web.Response:
        return json_response([c.payload() for c in self._of(request).channels.values()])

    async def _roles(self, request: web.Request) -> web.Response:
        return json_response([r.payload() for r in self._of(request).roles.values()])

    async def _role(self, request: web.Request) -> web.Response:
        role = self._of(request).roles.get(request.match_info["role_id"])
        if role is None:
            raise unknown("Role")
        return json_response(role.payload())

    async def _members(self, request: web.Request) -> web.Response:
        guild = self._of(request)
        if not self._core.config.privileged_intents:
            raise missing_access()
        limit, after = whole(request, "limit", 1, 1_000), whole(request, "after", 0, 1 << 64)
        ids = sorted(int(m) for m in guild.members if int(m) > after)[:limit]
        return json_response([guild.members[str(i)].payload() for i in ids])

    async def _search(self, request: web.Request) -> web.Response:
        query = request.query.get("query", "").lower()
        limit = whole(request, "limit", 1, 1_000)
        members = self._of(request).members.values()
        found = [m for m in members if _starts(query, m.name, m.user.username)]
        return json_response([m.payload() for m in found[:limit]])

    async def _member(self, request: web.Request) -> web.Response:
        member = self._of(request).members.get(request.match_info["user_id"])
        if member is None:
            raise unknown("Member")
        return json_response(member.payload())


def whole(request: web.Request, name: str, default: int, maximum: int) -> int:
    """Return a whole number from the query.

    Raises:
        ApiError: 50035, it is not a number or too large.
    """
    given = request.query.get(name, str(default))
    if not given.isascii() or not given.isdigit() or int(given) > maximum:
        raise invalid_form((name,), "NUMBER_TYPE_COERCE", f'Value "{given}" is not a valid int.')
    return int(given)


def _starts(query: str, *names: str) -> bool:
    return any(name.lower().startswith(query) for name in names)
