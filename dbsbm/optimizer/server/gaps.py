"""What of the load could not be seen, and how to switch that on."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.load import wants_run
from dbsbm.optimizer.server.model import Load
from dbsbm.optimizer.statements.spelling import is_cut_off

# Below that share of the time, what is not seen is not worth a sentence.
_SHARE = 0.01

_NO_RUNS = (
    "No run of any statement is known, so that kinds of values and numbers of pages are not seen: "
    "switch on the slow log, or run UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' "
    "WHERE NAME IN ('events_statements_current', 'events_statements_history_long')."
)
_CUT_OFF = (
    "The texts of {count} kinds of statements, {share:.0%} of the time, are cut off: put "
    "max_digest_length = 4096, performance_schema_max_digest_length = 4096 and "
    "performance_schema_max_sql_text_length = 4096 under [mysqld] in my.cnf and restart the server."
)
_NO_ROOM = (
    "The server had no room to tell apart the statements of {share:.0%} of the time: put "
    "performance_schema_digests_size = 20000 under [mysqld] in my.cnf and restart it, or run "
    "TRUNCATE performance_schema.events_statements_summary_by_digest."
)

_MIN_UNREAD_ROWS = 1_000
_UNREAD = (
    "{count} kinds of statements, {share:.0%} of the time, were left out: they read views, or "
    "tables that the user may not see, or are written in a way that is not understood."
)


def find_gaps(
    load: Collection[Load] | Missing, understood: Collection[str], unnamed_seconds: float
) -> tuple[str, ...]:
    """Sentences on what is missing; none where the load is missing as a whole.

    Args:
        load: What was read.
        understood: Digests of statements of which the shape is known.
        unnamed_seconds: Time of statements for which the server had no room.
    """
    if isinstance(load, Missing):
        return ()
    seconds = sum(each.seconds for each in load)
    left_out = [each for each in load if each.digest not in understood]
    return (
        *_runs(load),
        *_cut_off(left_out, seconds),
        *_unread(left_out, seconds),
        *_without_room(seconds, unnamed_seconds),
    )


def _runs(load: Collection[Load]) -> Iterator[str]:
    if any(wants_run(each) for each in load) and all(each.sample is None for each in load):
        yield _NO_RUNS


def _cut_off(load: Collection[Load], seconds: float) -> Iterator[str]:
    cut = [each for each in load if is_cut_off(each.text)]
    share = sum(each.seconds for each in cut) / max(seconds, 1e-9)
    if cut and share >= _SHARE:
        yield _CUT_OFF.format(count=len(cut), share=share)


def _unread(left_out: Collection[Load], seconds: float) -> Iterator[str]:
    """Of whole statements: those that read little, such as SELECT 1, are not missed."""
    whole = [
        each
        for each in left_out
        if not is_cut_off(each.text) and each.rows_examined >= _MIN_UNREAD_ROWS * each.calls
    ]
    share = sum(each.seconds for each in whole) / max(seconds, 1e-9)
    if whole and share >= _SHARE:
        yield _UNREAD.format(count=len(whole), share=share)


def _without_room(seconds: float, unnamed: float) -> Iterator[str]:
    """The digest without a name stands for all that came when the table was full."""
    share = unnamed / max(seconds + unnamed, 1e-9)
    if share >= _SHARE:
        yield _NO_ROOM.format(share=share)
