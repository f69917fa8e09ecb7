"""Run the stand-in as a process: `python -m dbsbm.sandbox.discord --token-file token.txt`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from dbsbm.errors import ConfigError
from dbsbm.sandbox.discord.app import DiscordStandin
from dbsbm.sandbox.discord.config import RateLimits, StandinConfig
from dbsbm.sandbox.discord.default_world import default_world


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    cli = argparse.ArgumentParser(
        prog="python -m dbsbm.sandbox.discord",
        description="A stand-in for Discord on this machine, with a page to try the bot in.",
    )
    cli.add_argument("--host", default="127.0.0.1", help="address to listen on")
    cli.add_argument("--port", type=int, default=8080, help="port to listen on; 0 takes a free one")
    cli.add_argument(
        "--token-file",
        type=Path,
        required=True,
        help="file with the bot token to accept; '-' reads it from standard input",
    )
    cli.add_argument("--public-url", help="how others reach this server, for attachment addresses")
    cli.add_argument(
        "--allow-remote",
        action="store_true",
        help="permit an address other machines can reach; whoever does may act as any member",
    )
    cli.add_argument("--ack-seconds", type=float, default=3.0, help="time for a first answer")
    cli.add_argument("--token-seconds", type=float, default=900.0, help="life of a token")
    cli.add_argument(
        "--messages-kept", type=int, default=500, help="messages remembered for each channel"
    )
    cli.add_argument("--no-rate-limits", action="store_true", help="lift every rate limit")
    cli.add_argument("--crowd", type=int, default=0, help="more members for the first guild")
    cli.add_argument(
        "--privileged-intents",
        action="store_true",
        help="grant the members, presences and message content intents",
    )
    return cli


def build(options: argparse.Namespace) -> DiscordStandin:
    """Return the server that the options describe.

    Raises:
        ConfigError: The token cannot be read, or the address is refused.
    """
    config = StandinConfig(
        ack_seconds=options.ack_seconds,
        token_seconds=options.token_seconds,
        privileged_intents=options.privileged_intents,
        messages_kept=options.messages_kept,
        rate_limits=RateLimits(enabled=not options.no_rate_limits),
    )
    return DiscordStandin(
        read_token(options.token_file),
        host=options.host,
        port=options.port,
        config=config,
        world=default_world(options.crowd),
        public_url=options.public_url,
        allow_remote=options.allow_remote,
    )


def read_token(path: Path) -> str:
    """Return the token in a file, or on standard input for "-".

    Raises:
        ConfigError: The file cannot be read.
    """
    try:
        return (sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")).strip()
    except OSError as error:
        raise ConfigError(f"--token-file {path} cannot be read: {error.strerror}.") from error


async def serve(standin: DiscordStandin) -> None:
    """Run until SIGINT or SIGTERM; print one line with the page's address."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with standin:
        sys.stdout.write(f"Discord stand-in: {standin.url}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> int:
    """Start; a wrong setting or a taken port ends in one sentence and exit code 2."""
    try:
        asyncio.run(serve(build(parser().parse_args())))
    except (ConfigError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
