"""`python -m dbsbm.sandbox.providers`: run the sandbox until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from dbsbm.sandbox.providers.server import ProviderSandbox


def main() -> None:
    """Print the address in one line, then serve."""
    parser = argparse.ArgumentParser(prog="python -m dbsbm.sandbox.providers", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument(
        "--allow-remote", action="store_true", help="listen on an address that others can reach"
    )
    options = parser.parse_args()
    try:
        sandbox = ProviderSandbox(
            host=options.host, port=options.port, allow_remote=options.allow_remote
        )
        asyncio.run(_serve(sandbox))
    except (ValueError, OSError) as error:
        parser.exit(2, f"The provider sandbox cannot start: {error}\n")


async def _serve(sandbox: ProviderSandbox) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with sandbox:
        sys.stdout.write(f"{sandbox.url}\n")
        sys.stdout.flush()
        await stopping.wait()


if __name__ == "__main__":
    main()
