"""Tells every process of the policies that are in force, through a key of the cache server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import redis

from dbsbm.cache.away import away
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import NAMESPACE
from dbsbm.cache.policy.overrides import Changes
from dbsbm.cache.policy.policies import render_mirror

POLICY_KEY: Final = f"{NAMESPACE}policy"

# Written only where it differs, for each write is pushed to every process.
_PUBLISH: Final = """
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then return 0 end
if held then
  local ok, mirror = pcall(cjson.decode, held)
  if ok and type(mirror) == 'table' and (tonumber(mirror.revision) or 0) > tonumber(ARGV[2]) then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
"""


def publish(client: redis.Redis, changes: Mapping[Category, Changes], revision: int) -> bool:
    """Mirror the changes, unless the mirror says so already or is of a later revision.

    Args:
        client: A client from `connect`.
        changes: All that differs from the code's table.
        revision: See `render_mirror`.

    Returns:
        True if the mirror was written.

    Raises:
        TransientError: The server does not answer, or takes no writes.
    """
    mirror = render_mirror(changes, revision)
    try:
        return bool(client.register_script(_PUBLISH)(keys=[POLICY_KEY], args=[mirror, revision]))
    except (redis.RedisError, OSError) as error:
        raise away("it was not told of its policies", error) from error


def is_published(client: redis.Redis) -> bool:
    """Tell whether there is a mirror.

    Raises:
        TransientError: The server does not answer.
    """
    try:
        return bool(client.exists(POLICY_KEY))
    except (redis.RedisError, OSError) as error:
        raise away("its policies cannot be read", error) from error
