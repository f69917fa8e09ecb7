"""Indexes that lack, that are one too many, and that nothing reads."""

from __future__ import annotations

from dbsbm.optimizer.rules.indexes import missing, redundant, unused

RULES = (missing, redundant, unused)
"""One module a rule."""
