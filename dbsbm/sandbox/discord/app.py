"""The server: every route on one port, started and stopped from a program."""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from dbsbm.errors import ConfigError
from dbsbm.sandbox.discord.callbacks import FirstAnswers
from dbsbm.sandbox.discord.config import API_PREFIX, MIB, StandinConfig
from dbsbm.sandbox.discord.control import MemberRoutes
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.default_world import default_world
from dbsbm.sandbox.discord.errors import ApiError, Refusal
from dbsbm.sandbox.discord.gateway import GATEWAY_PATH, serve_gateway
from dbsbm.sandbox.discord.jsonio import json_response
from dbsbm.sandbox.discord.operator_routes import OperatorRoutes
from dbsbm.sandbox.discord.rest_channels import ChannelRoutes
from dbsbm.sandbox.discord.rest_commands import CommandRoutes
from dbsbm.sandbox.discord.rest_gate import RestGate
from dbsbm.sandbox.discord.rest_guilds import GuildRoutes
from dbsbm.sandbox.discord.rest_identity import IdentityRoutes
from dbsbm.sandbox.discord.rest_interactions import InteractionRoutes
from dbsbm.sandbox.discord.sessions import Close
from dbsbm.sandbox.discord.waits import WaitRoutes
from dbsbm.sandbox.discord.world import World

log = logging.getLogger(__name__)

_PAGE = Path(__file__).parent / "page"
_SHUTDOWN_SECONDS = 0.5
_MAX_BODY = 10 * 10 * MIB + MIB  # ten files of the largest size, and the JSON beside them
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DiscordStandin:
    """Discord on this machine: REST, gateway, CDN, control API and page on one port.

    Example:
        >>> async with DiscordStandin("a-token") as standin:
        ...     print(standin.api_url, standin.gateway_url)

    Args:
        token: The bot token that is accepted.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        config: Deadlines, sizes and rate limits.
        world: Guilds and people; the default world where left out.
        public_url: How others reach this server, where that is not host and port; attachment
            addresses start with it.
        allow_remote: Permit an address that other machines can reach. Everyone who does may
            act as any member.
        wall: Seconds since the Unix epoch.

    Raises:
        ConfigError: The token is empty, or the address is not a loopback one.
    """

    def __init__(
        self,
        token: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        config: StandinConfig | None = None,
        world: World | None = None,
        public_url: str | None = None,
        allow_remote: bool = False,
        wall: Callable[[], float] = time.time,
    ) -> None:
        if not token:
            raise ConfigError("The Discord stand-in needs a bot token: any secret text will do.")
        if not allow_remote and not is_loopback(host):
            raise ConfigError(
                f"The Discord stand-in refuses to listen on {host}: whoever reaches it may act as "
                "any member. Pass --allow-remote if the network in front of it is closed."
            )
        self._host = host
        self._port = port
        self._public_url = public_url
        self._only_loopback = not allow_remote
        self.core = Core(token, config or StandinConfig(), world or default_world(), wall)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where the page is, such as http://127.0.0.1:8080; valid once started."""
        return f"http://{self._host}:{self._port}"

    @property
    def api_url(self) -> str:
        """What a client uses in place of https://discord.com/api/v10."""
        return self.url + API_PREFIX

    @property
    def gateway_url(self) -> str:
        """What a client uses in place of wss://gateway.discord.gg."""
        return f"ws://{self._host}:{self._port}{GATEWAY_PATH}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken.
        """
        self._runner = web.AppRunner(
            self._application(), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.core.base_url = self._public_url or self.url
        log.info("The Discord stand-in listens", extra={"action": "standin.start"})

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _application(self) -> web.Application:
        core = self.core
        answers = FirstAnswers(core)
        rest = web.Application(middlewares=[RestGate(core).middleware], client_max_size=_MAX_BODY)
        for part in (
            IdentityRoutes(core),
            CommandRoutes(core),
            GuildRoutes(core),
            ChannelRoutes(core),
            InteractionRoutes(core, answers),
        ):
            rest.add_routes(part.routes())
        control = web.Application(middlewares=[self._control_gate], client_max_size=_MAX_BODY)
        control.add_routes(WaitRoutes(core).routes())
        control.add_routes(MemberRoutes(core, answers).routes())
        control.add_routes(OperatorRoutes(core).routes())
        app = web.Application()
        app.add_subapp(API_PREFIX, rest)
        app.add_subapp("/standin", control)
        app.router.add_get(GATEWAY_PATH, self._gateway)
        app.router.add_get(GATEWAY_PATH + "/", self._gateway)
        app.router.add_get("/attachments/{channel_id}/{file_id}/{filename}", core.files.serve)
        app.router.add_get("/", self._page)
        app.router.add_static("/page", _PAGE)
        app.on_shutdown.append(self._say_goodbye)
        return app

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        return await serve_gateway(self.core, request)

    async def _page(self, _: web.Request) -> web.StreamResponse:
        headers = {"Content-Security-Policy": _PAGE_POLICY, "Cache-Control": "no-cache"}
        return web.FileResponse(_PAGE / "index.html", headers=headers)

    async def _say_goodbye(self, _: web.Application) -> None:
        self.core.feed.publish({"type": "stopping"})
        self.core.hub.send_all(Close(1001, "Going away"))

    @web.middleware
    async def _control_gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            # A page elsewhere can point its own name at 127.0.0.1; it cannot forge this header.
            if self._only_loopback and not is_loopback(request.url.host or ""):
                raise Refusal("Reach the stand-in under localhost or 127.0.0.1.", 403)
            return await handler(request)
        except Refusal as refusal:
            return json_response({"message": str(refusal)}, refusal.status)
        except ApiError as error:
            return json_response(error.body(), error.status)


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
