"""Faults of schemas, and what goes on between connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bench.rig import optimizer_columns as columns
from bench.rig.optimizer_blueprint import Table
from bench.rig.optimizer_columns import Column
from bench.rig.optimizer_draft import Draft
from bench.rig.optimizer_remedies import Advice, Becomes

Form = Callable[[Draft], None]

LIMITS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "tinyint unsigned": (255, ("smallint", "mediumint", "int", "bigint")),
    "smallint": (32_767, ("mediumint", "int", "bigint")),
    "smallint unsigned": (65_535, ("mediumint", "int", "bigint")),
    "mediumint": (8_388_607, ("int", "bigint")),
    "int": (2**31 - 1, ("bigint",)),
    "int unsigned": (2**32 - 1, ("bigint",)),
}
"""Type of a key -> its greatest value, and the types that it can grow into."""


def _of(table: Table) -> str:
    return f"table_schema = '{table.schema}' AND table_name = '{table.name}'"


def _of_column(table: Table, column: str, what: str) -> str:
    where = f"{_of(table)} AND column_name = '{column}'"
    return f"SELECT {what} FROM information_schema.columns WHERE {where}"


def _no_key(draft: Draft, form: str, *, indexed: bool) -> None:
    table = draft.table(draft.random.choice((8_000, 12_000)), keyed=False)
    owner = draft.column(table, "owner", columns.number, 800)
    title, _ = draft.plain(table)
    if indexed:
        table.index(owner)
        draft.load(
            table, f"SELECT {title} FROM {table.name} WHERE {owner} = %s", table.values(owner)
        )
    question = (
        f"SELECT COUNT(*) FROM information_schema.table_constraints WHERE {_of(table)} "
        "AND constraint_type = 'PRIMARY KEY'"
    )
    draft.fault(form, ("schema.no_primary_key",), table, remedy=Becomes(question, frozenset({"1"})))


def no_key(draft: Draft) -> None:
    """A table that is only ever written."""
    _no_key(draft, "no index", indexed=False)


def no_key_but_index(draft: Draft) -> None:
    """A table with an index that is not unique."""
    _no_key(draft, "plain index", indexed=True)


def old_engine(draft: Draft) -> None:
    """A table of an engine without transactions."""
    table = draft.table(8_000, engine="MyISAM", shared=False)
    owner = draft.column(table, "owner", columns.number, 800)
    title, _ = draft.plain(table)
    table.index(owner)
    draft.load(table, f"SELECT {title} FROM {table.name} WHERE {owner} = %s", table.values(owner))
    question = f"SELECT engine FROM information_schema.tables WHERE {_of(table)}"
    draft.fault(
        "engine", ("schema.myisam",), table, remedy=Becomes(question, frozenset({"innodb"}))
    )


def key_running_out(draft: Draft) -> None:
    """Automatic numbers that are nearly used up."""
    sql_type = draft.random.choice(list(LIMITS))
    limit, greater = LIMITS[sql_type]
    rows = min(4_000, int(limit * 0.94))
    table = draft.table(rows, keyed=False)
    first = int(limit * draft.random.uniform(0.92, 0.96)) - rows
    name = draft.name(table, "key")
    column = columns.ascending(name, f"{sql_type.upper()} NOT NULL AUTO_INCREMENT", max(1, first))
    table.columns = {name: column, **table.columns}
    table.primary, table.automatic = (name,), name
    wider = {f"{each}{sign}" for each in greater for sign in ("", " unsigned")}
    wider |= {f"{sql_type} unsigned"} if "unsigned" not in sql_type else set()
    sign = "IF(column_type LIKE '%unsigned%', ' unsigned', '')"
    question = _of_column(table, name, f"CONCAT(data_type, {sign})")
    draft.fault(
        sql_type,
        ("schema.key_running_out",),
        table,
        columns=[name],
        remedy=Becomes(question, frozenset(wider)),
    )


def _wrong_type(draft: Draft, form: str, table: Table, column: str, right: Sequence[str]) -> None:
    question = _of_column(table, column, "data_type")
    draft.fault(
        form,
        ("schema.wrong_type",),
        table,
        columns=[column],
        remedy=Becomes(question, frozenset(right)),
        also=["statement.implicit_conversion"],
    )


def _read(draft: Draft, table: Table, column: str) -> None:
    sql = f"SELECT {table.key}, {column} FROM {table.name} WHERE {table.key} BETWEEN %s AND %s"
    draft.load(table, sql, lambda random: (start := table.row(random), start + 20))


def day_as_text(draft: Draft) -> None:
    """Days in a text column."""
    table = draft.site()
    day = draft.column(table, "day", columns.day, 900, sql_type="VARCHAR(20) NOT NULL")
    table.index(day)
    sql = f"SELECT COUNT(*) FROM {table.name} WHERE {day} BETWEEN %s AND %s"
    draft.load(table, sql, lambda random: ("2024-03-01", f"2024-03-{random.randint(2, 9):02d}"))
    _wrong_type(draft, "day as text", table, day, ("date", "datetime", "timestamp"))


def time_as_text(draft: Draft) -> None:
    """Times in a text column."""
    table = draft.site()
    when = draft.column(table, "when", columns.moment, 900, sql_type="VARCHAR(30) NOT NULL")
    _read(draft, table, when)
    _wrong_type(draft, "time as text", table, when, ("datetime", "timestamp"))


def count_as_text(draft: Draft) -> None:
    """Numbers in a text column, which are summed up."""
    table = draft.site()
    count = draft.column(table, "count", columns.digits, 900, sql_type="VARCHAR(20) NOT NULL")
    sql = f"SELECT SUM({count}) FROM {table.name} WHERE {table.key} BETWEEN %s AND %s"
    draft.load(table, sql, lambda random: (start := table.row(random), start + 50))
    right = ("smallint", "mediumint", "int", "bigint", "decimal")
    _wrong_type(draft, "count as text", table, count, right)


def money_as_float(draft: Draft) -> None:
    """Money that is rounded to what a binary fraction can hold."""
    table = draft.site()
    sql_type = draft.random.choice(("DOUBLE NOT NULL", "FLOAT NOT NULL"))
    money = draft.column(table, "money", columns.money, 900, sql_type=sql_type)
    sql = f"SELECT SUM({money}) FROM {table.name} WHERE {table.key} BETWEEN %s AND %s"
    draft.load(table, sql, lambda random: (start := table.row(random), start + 50))
    _wrong_type(draft, "money as float", table, money, ("decimal",))


def old_charset(draft: Draft) -> None:
    """A table of another character set than its neighbours."""
    table = draft.table(8_000, charset="latin1")
    _mixed(draft, "table", table, [])


def old_charset_of_column(draft: Draft) -> None:
    """A column of another character set than its table."""
    table = draft.site()
    column: Column = columns.phrase(
        draft.name(table, "body"),
        sql_type="VARCHAR(120) CHARACTER SET latin1 NOT NULL",
    )
    _mixed(draft, "column", table, [table.add(column)])


def _mixed(draft: Draft, form: str, table: Table, named: Sequence[str]) -> None:
    columns_of = f"FROM information_schema.columns WHERE {_of(table)}"
    draft.fault(
        form,
        ("schema.mixed_charsets",),
        table,
        columns=named,
        remedy=Becomes(
            f"SELECT GROUP_CONCAT(DISTINCT character_set_name) {columns_of}", frozenset({"utf8mb4"})
        ),
        also=["statement.implicit_conversion"],
    )


def _incident(draft: Draft, kind: str, rule: str) -> None:
    table = draft.table(6_000, shared=False)
    _, count = draft.plain(table)
    draft.incident(kind, table, count)
    between = ["database.deadlock", "database.lock_waits", "database.idle_transaction"]
    draft.fault(kind, (rule,), table, remedy=Advice(), also=between)


def deadlock(draft: Draft) -> None:
    """Two transactions that take the same rows in opposite order."""
    _incident(draft, "deadlock", "database.deadlock")


def lock_wait(draft: Draft) -> None:
    """A statement that waits for a row that another transaction has changed."""
    _incident(draft, "lock wait", "database.lock_waits")


def idle_transaction(draft: Draft) -> None:
    """A transaction that has changed rows, and does nothing."""
    _incident(draft, "idle transaction", "database.idle_transaction")


FORMS: Mapping[str, tuple[int, Sequence[Form]]] = {
    "schema.no_primary_key": (2, (no_key, no_key_but_index)),
    "schema.myisam": (1, (old_engine,)),
    "schema.key_running_out": (3, (key_running_out,)),
    "schema.wrong_type": (4, (day_as_text, time_as_text, count_as_text, money_as_float)),
    "schema.mixed_charsets": (2, (old_charset, old_charset_of_column)),
    "database.deadlock": (1, (deadlock,)),
    "database.lock_waits": (1, (lock_wait,)),
    "database.idle_transaction": (1, (idle_transaction,)),
}
"""Kind -> how many are planted in a database, and in which forms."""
