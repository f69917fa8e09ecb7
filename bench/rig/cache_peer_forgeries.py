"""How many forgeries of a kind with ours cashews' signatures let through. Run by its own Python."""

from __future__ import annotations

import asyncio
import pickle

import cache_gate
from cashews.serialize import get_serializer

KEY, OTHER_KEY = "game:42", "game:43"
VALUE = {"odds": "1.91", "stake": 100}
# The sums that its weakest algorithm can come to, of a secret and a value of so few bytes.
MOST = 100_000


def forgeries(sealed: bytes, elsewhere: bytes) -> dict[str, list[bytes]]:
    """By what an attacker tries, the values to try; one that opens is enough."""
    signature, _, payload = sealed.partition(b"_")
    evil = pickle.dumps("ours")
    return {
        "a payload with a flipped bit": [sealed[:-2] + bytes([sealed[-2] ^ 1]) + sealed[-1:]],
        "a value cut short": [sealed[:-1]],
        "a value of another key": [elsewhere],
        "an unsigned value": [payload, evil],
        "an empty signature": [b"_" + evil],
        "the signature of another payload": [signature + b"_" + evil],
        "an algorithm of the attacker's choice": [b"sum:%x_%s" % (n, evil) for n in range(MOST)],
        "a bare number": [b"1000000"],
    }


async def opens(serializer: object, forged: bytes) -> bool:
    try:
        value = await serializer.decode(None, KEY, forged, None)  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001  # however it refuses, it refuses
        return False
    return value is not None


async def main() -> None:
    ours = get_serializer(secret="the operator's secret", digestmod="sha256")
    sealed = await ours.encode(None, KEY, VALUE, None)
    elsewhere = await ours.encode(None, OTHER_KEY, VALUE, None)
    opened = 0
    for attempts in forgeries(sealed, elsewhere).values():
        for forged in attempts:
            if await opens(ours, forged):
                opened += 1
                break
    cache_gate.report(tried=len(forgeries(sealed, elsewhere)), opened=opened)


if __name__ == "__main__":
    asyncio.run(main())
