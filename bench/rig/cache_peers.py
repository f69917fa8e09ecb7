"""The caches that ours is measured beside, pinned, and how each is asked to do what ours does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.peers import Peer

_HERE = Path(__file__).parent
_REDIS = "redis==8.1.0"

CASHEWS = Peer("cashews", ("cashews==7.6.0", _REDIS))
AIOCACHE = Peer("aiocache", ("aiocache==0.12.3", _REDIS))
DOGPILE = Peer("dogpile", ("dogpile.cache==1.5.0", _REDIS))

Command = Callable[..., list[str]]
"""Given what to measure and its arguments, the command line of a contender's worker."""


def command_of(peer: Peer, script: str) -> Command:
    """The command line of a peer's worker."""
    python = str(peer.python())
    return lambda *arguments: [python, str(_HERE / script), *map(str, arguments)]


def cashews() -> Command:
    """Workers of cashews."""
    return command_of(CASHEWS, "cache_peer_cashews.py")


def aiocache() -> Command:
    """Workers of aiocache."""
    return command_of(AIOCACHE, "cache_peer_aiocache.py")


def dogpile() -> Command:
    """Workers of dogpile.cache."""
    return command_of(DOGPILE, "cache_peer_dogpile.py")
