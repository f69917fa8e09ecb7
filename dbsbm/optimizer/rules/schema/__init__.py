"""Faults of the schema itself: keys, engines, types and character sets."""

from __future__ import annotations

from dbsbm.optimizer.rules.schema import (
    key_running_out,
    mixed_charsets,
    myisam,
    no_primary_key,
    wrong_type,
)

RULES = (key_running_out, mixed_charsets, myisam, no_primary_key, wrong_type)
"""One module a rule."""
