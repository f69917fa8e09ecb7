"""REST routes that register application commands."""

from __future__ import annotations

from aiohttp import web

from dbsbm.sandbox.discord.command_registry import Scope
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.errors import ApiError, invalid_form
from dbsbm.sandbox.discord.jsonio import Json, json_response
from dbsbm.sandbox.discord.uploads import read_json

_ROOT = "/applications/{application_id}"
_SCOPES = (f"{_ROOT}/commands", f"{_ROOT}/guilds/{{guild_id}}/commands")


class CommandRoutes:
    """Global and guild commands: list, bulk overwrite, create, change, delete.

    Args:
        core: The stand-in's state.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, once for each scope."""
        routes = [
            web.get(f"{_ROOT}/guilds/{{guild_id}}/commands/permissions", self._permissions),
        ]
        for path in _SCOPES:
            one = path + "/{command_id}"
            routes += [
                web.get(path, self._list),
                web.put(path, self._replace),
                web.post(path, self._create),
                web.get(one, self._get),
                web.patch(one, self._change),
                web.delete(one, self._delete),
            ]
        return routes

    def _scope(self, request: web.Request) -> Scope:
        if request.match_info["application_id"] != self._core.world.application_id:
            message = "You are not authorized to perform this action on this application"
            raise ApiError(403, 20012, message)
        guild_id = request.match_info.get("guild_id")
        return None if guild_id is None else self._core.world.guild(guild_id).id

    async def _permissions(self, request: web.Request) -> web.Response:
        self._scope(request)
        return json_response([])

    async def _list(self, request: web.Request) -> web.Response:
        return json_response(self._core.commands.listed(self._scope(request)))

    async def _replace(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        body = await read_json(request)
        if not isinstance(body, list) or not all(isinstance(c, dict) for c in body):
            raise invalid_form((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        stored = self._core.commands.replace(scope, body)
        self._announce("commands_replaced")
        return json_response(stored)

    async def _create(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        stored, is_new = self._core.commands.upsert(scope, await _object(request))
        self._announce("command_created")
        return json_response(stored, 201 if is_new else 200)

    async def _get(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        return json_response(self._core.commands.get(scope, request.match_info["command_id"]))

    async def _change(self, request: web.Request) -> web.Response:
        scope, command_id = self._scope(request), request.match_info["command_id"]
        stored = self._core.commands.change(scope, command_id, await _object(request))
        self._announce("command_changed")
        return json_response(stored)

    async def _delete(self, request: web.Request) -> web.Response:
        self._core.commands.delete(self._scope(request), request.match_info["command_id"])
        self._announce("command_deleted")
        return web.Response(status=204)

    def _announce(self, event: str) -> None:
        self._core.stats.events[event] += 1
        self._core.feed.publish({"type": "commands"})


async def _object(request: web.Request) -> Json:
    body = await read_json(request)
    if not isinstance(body, dict):
        message = "Only dictionaries may be used in a DictType"
        raise invalid_form((), "DICT_TYPE_CONVERT", message)
    return body
