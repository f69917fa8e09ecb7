"""`python -m bot`: the Discord front end as a process. Exit code 2: a setting is wrong."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import SecretStr
from yarl import URL

from bot.autocomplete import Autocomplete
from bot.broker import Broker
from bot.celery_message import MessageBuilder, celery_app
from bot.client import Bot
from bot.dispatcher import Dispatcher
from bot.fleet import Fleet
from bot.measures import open_measures
from dbsbm import logs
from dbsbm.cache import Keyring, open_async_cache
from dbsbm.errors import ConfigError
from dbsbm.monitor.readings.cache_counts import watch_cache
from dbsbm.monitor.traces.opening import check_tracing
from dbsbm.settings import Settings, load_settings
from dbsbm.wire.seal import Sealer

log = logging.getLogger(__name__)

EXIT_FAILED = 1
EXIT_CONFIG = 2

_AUTHENTICATION_FAILED = 4004  # the gateway's close code


def main() -> int:
    """Run until told to stop."""
    try:
        settings = load_settings()
        token = checked_token(settings)
        logs.configure(settings, "bot")
        point_at(settings)
        check_tracing(settings)
        asyncio.run(_run(settings, token))
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the first line an operator looks at
        return EXIT_CONFIG
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.critical(
            "Discord cannot be reached or ended the session: %s.",
            type(error).__name__,
            extra={"action": "bot.failed", "error": type(error).__name__},
        )
        return EXIT_FAILED
    return 0


def point_at(settings: Settings) -> None:
    """Make discord.py talk to the addresses that are set, such as the stand-in's."""
    Route.BASE = settings.discord_api_url
    DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)


def checked_token(settings: Settings) -> SecretStr:
    """Return the bot's token.

    Raises:
        ConfigError: It is missing, or there is no address of a broker or a cache.
    """
    _ = settings.broker, settings.cache
    if settings.discord_token is None or not settings.discord_token.get_secret_value().strip():
        raise ConfigError(
            "DISCORD_TOKEN is missing: set it to the bot's token from Discord's developer portal."
        )
    return settings.discord_token


async def _run(settings: Settings, token: SecretStr) -> None:
    measures = open_measures(settings)
    now = time.time if measures is None else measures.recorder.clock.now
    cache = open_async_cache(settings.cache, keyring=Keyring.of(settings.secret_key))
    if measures is not None:
        watch_cache(cache.stats, measures.recorder, cache.gauges)
    fleet = Fleet(MessageBuilder(celery_app(settings.broker), now), Broker(settings.broker))
    autocomplete = Autocomplete(
        cache,
        lambda category: fleet.send_soon("tasks.cache.warm", {"categories": [category.value]}),
    )
    on_acknowledged = None if measures is None else measures.acknowledged
    dispatcher = Dispatcher(fleet, Sealer(settings.secret_key), on_acknowledged)
    bot = Bot(dispatcher, autocomplete, settings.data_dir, measures)
    try:
        await _serve(bot, token)
    finally:
        await fleet.close()
        await cache.close()
        if measures is not None:
            await asyncio.to_thread(measures.close)


async def _serve(bot: Bot, token: SecretStr) -> None:
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(bot.start(token.get_secret_value()))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        log.info("Told to stop.", extra={"action": "bot.stopping"})
    except discord.LoginFailure:
        raise ConfigError("DISCORD_TOKEN is refused by Discord: copy the token again.") from None
    except discord.ConnectionClosed as closed:
        if closed.code == _AUTHENTICATION_FAILED:
            raise ConfigError("DISCORD_TOKEN was revoked: set the new token.") from None
        raise
    finally:
        await bot.close()


if __name__ == "__main__":
    sys.exit(main())
