"""Rules about the cache."""

from dbsbm.optimizer.rules.cache import (
    evictions,
    expiry_loads,
    fragmentation,
    hit_rate,
    hot_keys,
    limit,
    never_read,
    oversized_values,
    stampedes,
    ttl_too_long,
    ttl_too_short,
)

RULES = (
    evictions,
    expiry_loads,
    fragmentation,
    hit_rate,
    hot_keys,
    limit,
    never_read,
    oversized_values,
    stampedes,
    ttl_too_long,
    ttl_too_short,
)
