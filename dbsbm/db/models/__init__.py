"""Every table of the fleet. Importing this package fills `Base.metadata`."""

from dbsbm.db.models.base import Base
from dbsbm.db.models.bets import Bet, BetLeg, LedgerEntry
from dbsbm.db.models.effects import DeadLetter, Effect
from dbsbm.db.models.operations import (
    CacheCleanupRun,
    CacheDebt,
    CacheHotLog,
    CachePolicy,
    FindingRow,
    MetricBatch,
    MetricSample,
    OptimizerRun,
    ScheduleSlot,
    SlowStatement,
)
from dbsbm.db.models.people import Guild, Interaction, Member
from dbsbm.db.models.sports import Game, League, Team

__all__ = [
    "Base",
    "Bet",
    "BetLeg",
    "CacheCleanupRun",
    "CacheDebt",
    "CacheHotLog",
    "CachePolicy",
    "DeadLetter",
    "Effect",
    "FindingRow",
    "Game",
    "Guild",
    "Interaction",
    "League",
    "LedgerEntry",
    "Member",
    "MetricBatch",
    "MetricSample",
    "OptimizerRun",
    "ScheduleSlot",
    "SlowStatement",
    "Team",
]
