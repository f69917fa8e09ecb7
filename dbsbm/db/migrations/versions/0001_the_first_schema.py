"""The first schema.

Revision: 0001, after None
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dbsbm.db import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    if op.get_bind().dialect.name in {"mysql", "mariadb"}:
        # A server's default may be latin1, which takes no emoji; and its usual collations call
        # names equal that Python and SQLite tell apart.
        op.execute("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    op.create_table(
        "cache_cleanup_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("scanned", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("freed_bytes", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cache_cleanup_runs")),
    )
    op.create_index(
        op.f("ix_cache_cleanup_runs_started_at"), "cache_cleanup_runs", ["started_at"], unique=False
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("source_key", sa.String(length=100), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("replayed_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
        sa.UniqueConstraint("source", "source_key", name=op.f("uq_dead_letters_source_source_key")),
    )
    op.create_index(
        op.f("ix_dead_letters_created_at"), "dead_letters", ["created_at"], unique=False
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("object", sa.String(length=190), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("fix", sa.JSON(), nullable=False),
        sa.Column("revert", sa.JSON(), nullable=False),
        sa.Column("expected_gain", sa.String(length=190), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("risk", sa.String(length=16), nullable=False),
        sa.Column("proof", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("first_seen", types.UtcDateTime(), nullable=False),
        sa.Column("last_seen", types.UtcDateTime(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index(
        op.f("ix_findings_state_severity"), "findings", ["state", "severity"], unique=False
    )
    op.create_table(
        "guilds",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("min_units", types.FixedPoint(precision=12, scale=4), nullable=False),
        sa.Column("max_units", types.FixedPoint(precision=12, scale=4), nullable=False),
        sa.Column("unit_step", types.FixedPoint(precision=12, scale=4), nullable=False),
        sa.Column("odds_format", sa.String(length=16), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guilds")),
    )
    op.create_table(
        "interactions",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(length=32), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("handled_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interactions")),
    )
    op.create_index(
        op.f("ix_interactions_handled_at"), "interactions", ["handled_at"], unique=False
    )
    op.create_index(op.f("ix_interactions_trace_id"), "interactions", ["trace_id"], unique=False)
    op.create_table(
        "leagues",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("sport", sa.String(length=32), nullable=False),
        sa.Column("country", sa.String(length=64), nullable=True),
        sa.Column("season", sa.String(length=16), nullable=True),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_leagues")),
    )
    op.create_table(
        "metric_batches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("taken_at", types.UtcDateTime(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_batches")),
    )
    op.create_index(
        op.f("ix_metric_batches_taken_at"), "metric_batches", ["taken_at"], unique=False
    )
    op.create_table(
        "metric_samples",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taken_at", types.UtcDateTime(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("labels", sa.String(length=190), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_samples")),
    )
    op.create_index(
        op.f("ix_metric_samples_name_taken_at"),
        "metric_samples",
        ["name", "taken_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_metric_samples_taken_at"), "metric_samples", ["taken_at"], unique=False
    )
    op.create_table(
        "optimizer_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("not_enabled", sa.JSON(), nullable=False),
        sa.Column("healthy", sa.Boolean(), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_optimizer_runs")),
    )
    op.create_index(
        op.f("ix_optimizer_runs_started_at"), "optimizer_runs", ["started_at"], unique=False
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dedupe_key", sa.String(length=100), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("trace_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", types.UtcDateTime(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("done_at", types.UtcDateTime(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
    )
    op.create_index(
        op.f("ix_outbox_state_next_attempt_at"),
        "outbox",
        ["state", "next_attempt_at"],
        unique=False,
    )
    op.create_index(op.f("ix_outbox_trace_id"), "outbox", ["trace_id"], unique=False)
    op.create_table(
        "schedule_slots",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("slot", types.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("beat", sa.String(length=100), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", types.UtcDateTime(), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("sent_at", types.UtcDateTime(), nullable=True),
        sa.Column("finished_at", types.UtcDateTime(), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_slots")),
        sa.UniqueConstraint("job", "slot", name=op.f("uq_schedule_slots_job_slot")),
    )
    op.create_index(
        op.f("ix_schedule_slots_created_at"), "schedule_slots", ["created_at"], unique=False
    )
    op.create_index(
        op.f("ix_schedule_slots_state_created_at"),
        "schedule_slots",
        ["state", "created_at"],
        unique=False,
    )
    op.create_table(
        "slow_statements",
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("total_seconds", sa.Double(), nullable=False),
        sa.Column("worst_seconds", sa.Double(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=True),
        sa.Column("first_seen", types.UtcDateTime(), nullable=False),
        sa.Column("last_seen", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_slow_statements")),
    )
    op.create_index(
        op.f("ix_slow_statements_last_seen"), "slow_statements", ["last_seen"], unique=False
    )
    op.create_table(
        "bets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("capper_name", sa.String(length=100), nullable=False),
        sa.Column("capper_avatar", sa.String(length=64), nullable=True),
        sa.Column("risk", types.FixedPoint(precision=12, scale=4), nullable=False),
        sa.Column("to_win", types.FixedPoint(precision=12, scale=4), nullable=False),
        sa.Column("odds_input", sa.String(length=32), nullable=False),
        sa.Column("odds_american", sa.Integer(), nullable=False),
        sa.Column("odds_decimal", types.FixedPoint(precision=10, scale=4), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("profit", types.FixedPoint(precision=12, scale=4), nullable=True),
        sa.Column("trace_id", sa.String(length=36), nullable=False),
        sa.Column("placed_at", types.UtcDateTime(), nullable=False),
        sa.Column("settled_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name=op.f("fk_bets_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bets")),
        sa.UniqueConstraint("interaction_id", name=op.f("uq_bets_interaction_id")),
    )
    op.create_index(
        op.f("ix_bets_guild_id_user_id_placed_at"),
        "bets",
        ["guild_id", "user_id", "placed_at"],
        unique=False,
    )
    op.create_index(op.f("ix_bets_state_placed_at"), "bets", ["state", "placed_at"], unique=False)
    op.create_index(op.f("ix_bets_trace_id"), "bets", ["trace_id"], unique=False)
    op.create_table(
        "members",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=False),
        sa.Column("avatar", sa.String(length=64), nullable=True),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name=op.f("fk_members_guild_id")),
        sa.PrimaryKeyConstraint("guild_id", "user_id", name=op.f("pk_members")),
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("league_key", sa.String(length=32), nullable=False),
        sa.Column("team_key", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("abbreviation", sa.String(length=16), nullable=False),
        sa.Column("color", sa.String(length=7), nullable=True),
        sa.Column("alternate_color", sa.String(length=7), nullable=True),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["league_key"], ["leagues.key"], name=op.f("fk_teams_league_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("league_key", "team_key", name=op.f("uq_teams_league_key_team_key")),
    )
    op.create_table(
        "games",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("game_key", sa.String(length=190), nullable=False),
        sa.Column("league_key", sa.String(length=32), nullable=False),
        sa.Column(
            "home_team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "away_team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("starts_at", types.UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=64), nullable=True),
        sa.Column("home_score", sa.Integer(), nullable=True),
        sa.Column("away_score", sa.Integer(), nullable=True),
        sa.Column("regulation_home_score", sa.Integer(), nullable=True),
        sa.Column("regulation_away_score", sa.Integer(), nullable=True),
        sa.Column("shortened", sa.Boolean(), nullable=False),
        sa.Column("result_version", sa.Integer(), nullable=False),
        sa.Column("odds", sa.JSON(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("provider_game_id", sa.String(length=64), nullable=False),
        sa.Column("fetched_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["away_team_id"], ["teams.id"], name=op.f("fk_games_away_team_id")),
        sa.ForeignKeyConstraint(["home_team_id"], ["teams.id"], name=op.f("fk_games_home_team_id")),
        sa.ForeignKeyConstraint(["league_key"], ["leagues.key"], name=op.f("fk_games_league_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_games")),
        sa.UniqueConstraint("game_key", name=op.f("uq_games_game_key")),
        sa.UniqueConstraint(
            "provider",
            "league_key",
            "provider_game_id",
            name=op.f("uq_games_provider_league_key_provider_game_id"),
        ),
    )
    op.create_index(
        op.f("ix_games_league_key_starts_at"), "games", ["league_key", "starts_at"], unique=False
    )
    op.create_index(
        op.f("ix_games_status_starts_at"), "games", ["status", "starts_at"], unique=False
    )
    op.create_table(
        "unit_ledger",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("bet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount", types.FixedPoint(precision=12, scale=4), nullable=False),
        sa.Column("result_version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["bet_id"], ["bets.id"], name=op.f("fk_unit_ledger_bet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_ledger")),
        sa.UniqueConstraint(
            "bet_id",
            "kind",
            "result_version",
            name=op.f("uq_unit_ledger_bet_id_kind_result_version"),
        ),
    )
    op.create_index(
        op.f("ix_unit_ledger_guild_id_user_id_created_at"),
        "unit_ledger",
        ["guild_id", "user_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "bet_legs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("game_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("market", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("line", types.FixedPoint(precision=8, scale=2), nullable=True),
        sa.Column("odds_american", sa.Integer(), nullable=False),
        sa.Column("odds_decimal", types.FixedPoint(precision=10, scale=4), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("result_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bet_id"], ["bets.id"], name=op.f("fk_bet_legs_bet_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["game_id"], ["games.id"], name=op.f("fk_bet_legs_game_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bet_legs")),
        sa.UniqueConstraint("bet_id", "position", name=op.f("uq_bet_legs_bet_id_position")),
    )
    op.create_index(
        op.f("ix_bet_legs_game_id_result"), "bet_legs", ["game_id", "result"], unique=False
    )


def downgrade() -> None:
    """Undo."""
    # A table takes its indexes along; dropped one by one, MySQL would miss those of foreign keys.
    for table in (
        "bet_legs",
        "unit_ledger",
        "games",
        "teams",
        "members",
        "bets",
        "slow_statements",
        "schedule_slots",
        "outbox",
        "optimizer_runs",
        "metric_samples",
        "metric_batches",
        "leagues",
        "interactions",
        "guilds",
        "findings",
        "dead_letters",
        "cache_cleanup_runs",
    ):
        op.drop_table(table)
