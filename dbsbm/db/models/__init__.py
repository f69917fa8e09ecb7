"""Every table of the fleet. Importing this package fills `Base.metadata`."""

from typing import Final

from dbsbm.db.models.base import Base
from dbsbm.db.models.bets import Bet, BetLeg, LedgerEntry
from dbsbm.db.models.effects import DeadLetter, Effect
from dbsbm.db.models.incidents import AlertSilence, AlertState, Change, Incident
from dbsbm.db.models.metrics import (
    MetricBatch,
    MetricPoint,
    MetricSeries,
    RollupDue,
    Statement,
)
from dbsbm.db.models.operations import (
    CacheCleanupRun,
    CacheDebt,
    CacheHotLog,
    CachePolicy,
    FindingRow,
    FindingStep,
    OptimizerRun,
    ScheduleSlot,
    SchemaChange,
    SlowStatement,
)
from dbsbm.db.models.people import Guild, Interaction, Member
from dbsbm.db.models.sports import Game, League, Team

UNWATCHED: Final[tuple[type[Base], ...]] = (
    *(AlertSilence, AlertState, Change, Incident),
    *(CacheCleanupRun, CacheDebt, CacheHotLog, CachePolicy, DeadLetter, Effect, FindingRow),
    *(FindingStep, SchemaChange),
    *(Interaction, LedgerEntry, MetricBatch, MetricPoint, MetricSeries, OptimizerRun, RollupDue),
    *(ScheduleSlot, SlowStatement, Statement),
)
"""Tables whose rows no cached answer is made of: their many writes need not tell the cache."""

__all__ = [
    "UNWATCHED",
    "AlertSilence",
    "AlertState",
    "Base",
    "Bet",
    "BetLeg",
    "CacheCleanupRun",
    "CacheDebt",
    "CacheHotLog",
    "CachePolicy",
    "Change",
    "DeadLetter",
    "Effect",
    "FindingRow",
    "FindingStep",
    "Game",
    "Guild",
    "Incident",
    "Interaction",
    "League",
    "LedgerEntry",
    "Member",
    "MetricBatch",
    "MetricPoint",
    "MetricSeries",
    "OptimizerRun",
    "RollupDue",
    "ScheduleSlot",
    "SchemaChange",
    "SlowStatement",
    "Statement",
    "Team",
]
