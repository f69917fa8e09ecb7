"""`python -m workers.stack up | down | logs`: what `./dev` runs."""

from __future__ import annotations

import argparse
import sys


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.command == "down":
        from workers.stack.down import down  # noqa: PLC0415 - `logs` need not load the fleet

        return down()
    if arguments.command == "logs":
        from workers.stack.logs import logs  # noqa: PLC0415

        return logs(arguments.process, follow=arguments.follow)
    if arguments.once:
        from workers.stack.once import once  # noqa: PLC0415

        return once(as_json=arguments.json)
    from workers.stack.up import up  # noqa: PLC0415

    return up()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev", description="The local stack.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything on this machine")
    up.add_argument(
        "--once",
        action="store_true",
        help="start a fleet of its own, on free ports and with stand-ins only; prove that it "
        "works from end to end; stop it",
    )
    up.add_argument("--json", action="store_true", help="with --once: one JSON object")
    commands.add_parser("down", help="stop what `up` started")
    logs = commands.add_parser("logs", help="show what the processes wrote")
    logs.add_argument("process", nargs="?", help="one of them; all, where left out")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
    return parser


if __name__ == "__main__":
    sys.exit(main())
