"""Faults of indexes: one is missing, one is there twice, one is read by nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from bench.rig import optimizer_columns as columns
from bench.rig.optimizer_blueprint import Statement, Table
from bench.rig.optimizer_draft import Draft
from bench.rig.optimizer_remedies import Covers, Drops, Remedy, Serves

MISSING = ("index.missing",)
TEXTS = ("VARCHAR(40) NOT NULL", "VARCHAR(64) NOT NULL", "CHAR(20) NOT NULL")


def _missing(
    draft: Draft,
    form: str,
    table: Table,
    wanted: Sequence[str],
    statement: Statement,
    *,
    remedy: Remedy | None = None,
) -> None:
    name = f"expert{len(draft.made.faults)}"
    expert = f"ALTER TABLE {table.quoted} ADD INDEX `{name}` ({', '.join(wanted)})"
    draft.fault(
        form,
        MISSING,
        table,
        columns=wanted,
        remedy=remedy or Serves(statement),
        expert=(expert,),
    )


def _coded(draft: Draft, table: Table, role: str = "code") -> str:
    prefix = draft.random.choice(("A", "XK", "ref-", "z_"))
    sql_type = draft.random.choice(TEXTS)
    return draft.column(table, role, columns.code, table.rows, prefix, sql_type=sql_type)


def equality(draft: Draft) -> None:
    """A text that almost identifies a row."""
    table = draft.site()
    code = _coded(draft, table)
    title, count = draft.plain(table)
    sql = f"SELECT {title}, {count} FROM {table.name} WHERE {code} = %s"
    _missing(draft, "equality", table, [code], draft.load(table, sql, table.values(code)))


def equality_number(draft: Draft) -> None:
    """A number that a few dozen rows share, by alias."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, table.rows // 20)
    title, _ = draft.plain(table)
    sql = f"SELECT a.{title} FROM {table.name} a WHERE a.{owner} = %s"
    _missing(draft, "equality number", table, [owner], draft.load(table, sql, table.values(owner)))


def equality_update(draft: Draft) -> None:
    """Rows that are changed by what is no key."""
    table = draft.site()
    code = _coded(draft, table, "mail")
    _, count = draft.plain(table)
    sql = f"UPDATE {table.name} SET {count} = {count} + 1 WHERE {code} = %s"
    _missing(draft, "update", table, [code], draft.load(table, sql, table.values(code)))


def equality_delete(draft: Draft) -> None:
    """Rows that are deleted by what is no key."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, table.rows // 3)
    sql = f"DELETE FROM {table.name} WHERE {owner} = %s"
    statement = draft.load(table, sql, lambda random: (random.randint(10**6, 2 * 10**6),))
    _missing(draft, "delete", table, [owner], statement)


def in_list(draft: Draft) -> None:
    """Three values of a column."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, table.rows // 10)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {owner} IN (%s, %s, %s)"
    values = table.values(owner)

    def three(random: Random) -> list[Any]:
        return [value for _ in range(3) for value in values(random)]

    _missing(draft, "in list", table, [owner], draft.load(table, sql, three))


def is_null(draft: Draft) -> None:
    """The few rows that are still open."""
    table = draft.site()
    done = draft.column(table, "done", columns.seldom_null, 700, table.rows // 25)
    title, _ = draft.plain(table)
    sql = f"SELECT {table.key}, {title} FROM {table.name} WHERE {done} IS NULL"
    _missing(draft, "is null", table, [done], draft.load(table, sql))


def range_of_time(draft: Draft) -> None:
    """A day of two years."""
    table = draft.site()
    when = draft.column(table, "when", columns.moment, 700)
    title, _ = draft.plain(table)
    sql = f"SELECT {title}, {when} FROM {table.name} WHERE {when} BETWEEN %s AND %s"
    _missing(draft, "range", table, [when], draft.load(table, sql, _day_of(700)))


def _day_of(days: int) -> Callable[[Random], tuple[Any, Any]]:
    def ends(random: Random) -> tuple[Any, Any]:
        start = columns.FIRST + timedelta(days=random.randint(0, days - 1))
        return start, start + timedelta(days=1)

    return ends


def range_open(draft: Draft) -> None:
    """The best half per cent."""
    table = draft.site()
    score = draft.column(table, "score", columns.number, 100_000)
    sql = f"SELECT COUNT(*) FROM {table.name} WHERE {score} >= %s"
    statement = draft.load(table, sql, lambda random: (random.randint(99_500, 99_900),))
    _missing(draft, "open range", table, [score], statement)


def join(draft: Draft) -> None:
    """The children of one parent."""
    parent = draft.table(shared=False)
    code = draft.column(parent, "code", columns.serial, "P")
    parent.index(code, kind="UNIQUE")
    child = draft.table(draft.random.choice((12_000, 20_000)), schema=parent.schema)
    link = draft.reference(child, parent)
    title, count = draft.plain(child)
    sql = (
        f"SELECT c.{title}, c.{count} FROM {parent.name} p "
        f"JOIN {child.name} c ON c.{link} = p.{parent.key} WHERE p.{code} = %s"
    )
    _missing(draft, "join", child, [link], draft.load(parent, sql, parent.values(code)))


def left_join(draft: Draft) -> None:
    """The children of some parents, and the parents without any."""
    parent, child = draft.table(shared=False), draft.table(shared=False)
    schema, name = child.schema, child.name
    link = draft.reference(child, parent)
    sql = (
        f"SELECT p.{parent.key}, COUNT(c.{child.key}) FROM {parent.schema}.{parent.name} p "
        f"LEFT JOIN {schema}.{name} c ON p.{parent.key} = c.{link} "
        f"WHERE p.{parent.key} IN (%s, %s) GROUP BY p.{parent.key}"
    )
    statement = draft.load(child, sql, lambda random: (parent.row(random), parent.row(random)))
    _missing(draft, "left join", child, [link], statement)


def three_tables(draft: Draft) -> None:
    """A chain of which the last link is missing."""
    top = draft.table(8_000, shared=False)
    middle = draft.table(10_000, schema=top.schema, shared=False)
    bottom = draft.table(16_000, schema=top.schema, shared=False)
    first, second = draft.reference(middle, top), draft.reference(bottom, middle)
    middle.index(first)
    title, _ = draft.plain(bottom)
    sql = (
        f"SELECT b.{title} FROM {top.name} t JOIN {middle.name} m ON m.{first} = t.{top.key} "
        f"JOIN {bottom.name} b ON b.{second} = m.{middle.key} WHERE t.{top.key} = %s"
    )
    _missing(draft, "three tables", bottom, [second], draft.load(top, sql, top.values(top.key)))


def composite(draft: Draft) -> None:
    """Two columns that only together tell rows apart."""
    table = draft.site(12_000, 60_000)
    owner = draft.column(table, "owner", columns.number, 40)
    place = draft.column(table, "place", columns.code, 50, "R", sql_type="VARCHAR(20) NOT NULL")
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {owner} = %s AND {place} = %s"
    statement = draft.load(table, sql, table.values(owner, place))
    _missing(draft, "composite", table, [owner, place], statement)


def composite_beside(draft: Draft) -> None:
    """An index has the first of two columns alone."""
    table = draft.site(12_000, 60_000)
    owner = draft.column(table, "owner", columns.number, 30)
    score = draft.column(table, "score", columns.number, 60)
    table.index(owner)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {score} = %s AND {owner} = %s"
    statement = draft.load(table, sql, table.values(score, owner))
    _missing(draft, "composite beside", table, [owner, score], statement)


def filter_and_range(draft: Draft) -> None:
    """One value, and a time since: the value must come first."""
    table = draft.site(12_000, 60_000)
    kind = draft.column(table, "kind", columns.code, 200, "K", sql_type="VARCHAR(16) NOT NULL")
    when = draft.column(table, "when", columns.moment, 700)
    if draft.random.random() < 0.5:
        table.index(when, kind)  # in the wrong order
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {kind} = %s AND {when} >= %s"

    def arguments(random: Random) -> tuple[Any, Any]:
        since = columns.FIRST + timedelta(days=random.randint(400, 450))
        return table.value(kind, table.row(random)), since

    statement = draft.load(table, sql, arguments)
    _missing(draft, "filter and range", table, [kind, when], statement)


def filter_and_order(draft: Draft) -> None:
    """The latest ten of one owner."""
    table = draft.site(12_000, 60_000)
    owner = draft.column(table, "owner", columns.number, 30)
    when = draft.column(table, "when", columns.moment, 700)
    if draft.random.random() < 0.6:
        table.index(owner)
    title, _ = draft.plain(table)
    sql = (
        f"SELECT {title}, {when} FROM {table.name} WHERE {owner} = %s ORDER BY {when} DESC LIMIT 10"
    )
    statement = draft.load(table, sql, table.values(owner))
    _missing(draft, "filter and order", table, [owner, when], statement)


def order_limit(draft: Draft) -> None:
    """The best twenty of all."""
    table = draft.site(12_000, 60_000)
    score = draft.column(table, "score", columns.number, 1_000_000)
    title, _ = draft.plain(table)
    sql = f"SELECT {title}, {score} FROM {table.name} ORDER BY {score} DESC LIMIT 20"
    _missing(draft, "order limit", table, [score], draft.load(table, sql))


def latest_of_one(draft: Draft) -> None:
    """The last time of one of a few."""
    table = draft.site(12_000, 60_000)
    place = draft.column(table, "place", columns.code, 12, "Q", sql_type="VARCHAR(20) NOT NULL")
    when = draft.column(table, "when", columns.moment, 700)
    sql = f"SELECT MAX({when}) FROM {table.name} WHERE {place} = %s"
    statement = draft.load(table, sql, table.values(place))
    _missing(draft, "latest of one", table, [place, when], statement)


def covering(draft: Draft) -> None:
    """A sum over many rows, fetched one by one although two columns would do."""
    table = draft.table(16_000, shared=False)
    kind = draft.column(table, "kind", columns.code, 16, "C", sql_type="VARCHAR(16) NOT NULL")
    money = draft.column(table, "money", columns.money, 900)
    draft.column(table, "body", columns.text, 300, sql_type="VARCHAR(400) NOT NULL")
    table.index(kind)
    sql = f"SELECT SUM({money}) FROM {table.name} WHERE {kind} = %s"
    statement = draft.load(table, sql, table.values(kind), draft.random.randint(50, 80))
    _missing(draft, "covering", table, [kind, money], statement, remedy=Covers(statement))


MISSING_FORMS: Sequence[Callable[[Draft], None]] = (
    equality,
    equality_number,
    equality_update,
    equality_delete,
    in_list,
    is_null,
    range_of_time,
    range_open,
    join,
    left_join,
    three_tables,
    composite,
    composite_beside,
    filter_and_range,
    filter_and_order,
    order_limit,
    latest_of_one,
    covering,
)


def _redundant(draft: Draft, form: str, table: Table, names: Sequence[str], first: str) -> None:
    spare = frozenset(names)
    drop = f"ALTER TABLE {table.quoted} DROP INDEX `{names[-1]}`"
    draft.fault(
        form,
        ("index.redundant", "index.unused"),
        table,
        indexes=names,
        remedy=Drops(spare),
        expert=(drop,),
    )
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {first} = %s"
    draft.load(table, sql, table.values(first))


def duplicate(draft: Draft) -> None:
    """The same index under two names."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, table.rows // 10)
    names = [table.index(owner), table.index(owner, name=f"idx_{owner}_again{len(table.indexes)}")]
    _redundant(draft, "duplicate", table, names, owner)


def prefix(draft: Draft) -> None:
    """One index is the beginning of another."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, table.rows // 10)
    when = draft.column(table, "when", columns.moment, 700)
    short = table.index(owner, name=f"by_{owner}")
    table.index(owner, when, name=f"by_{owner}_{when}")
    _redundant(draft, "prefix", table, [short], owner)
    sql = f"SELECT {when} FROM {table.name} WHERE {owner} = %s ORDER BY {when} LIMIT 5"
    draft.load(table, sql, table.values(owner))


def primary_suffix(draft: Draft) -> None:
    """The key behind a column, where every secondary index has it anyway."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, table.rows // 15)
    longer = table.index(owner, table.key, name=f"k_{owner}_key")
    shorter = table.index(owner, name=f"k_{owner}")
    _redundant(draft, "primary suffix", table, [longer, shorter], owner)


def beside_unique(draft: Draft) -> None:
    """A plain index on what a unique one has."""
    table = draft.site()
    code = draft.column(table, "code", columns.serial, "U")
    table.index(code, kind="UNIQUE", name=f"uq_{code}")
    spare = table.index(code, name=f"ix_{code}_plain")
    _redundant(draft, "beside unique", table, [spare], code)


def beside_primary(draft: Draft) -> None:
    """A plain index on the primary key."""
    table = draft.site()
    spare = table.index(table.key, name=f"ix_{table.key}_{len(table.indexes)}")
    _redundant(draft, "beside primary", table, [spare], table.key)


def prefix_of_three(draft: Draft) -> None:
    """Two columns of three."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, 200)
    kind = draft.column(table, "kind", columns.code, 6, "K", sql_type="VARCHAR(12) NOT NULL")
    score = draft.column(table, "score", columns.number, 1000)
    short = table.index(owner, kind, name=f"s_{owner}_{kind}")
    table.index(owner, kind, score, name=f"l_{owner}_{kind}_{score}")
    _redundant(draft, "prefix of three", table, [short], owner)
    sql = f"SELECT {score} FROM {table.name} WHERE {owner} = %s AND {kind} = %s AND {score} > %s"
    draft.load(table, sql, table.values(owner, kind, score))


REDUNDANT_FORMS: Sequence[Callable[[Draft], None]] = (
    duplicate,
    prefix,
    primary_suffix,
    beside_unique,
    beside_primary,
    prefix_of_three,
)


def _unused(draft: Draft, form: str, table: Table, name: str, writes: Sequence[str]) -> None:
    draft.fault(
        form,
        ("index.unused",),
        table,
        indexes=[name],
        remedy=Drops(frozenset({name})),
        expert=(f"ALTER TABLE {table.quoted} DROP INDEX `{name}`",),
    )
    for column in writes:
        draft.load(
            table,
            f"UPDATE {table.name} SET {column} = %s WHERE {table.key} = %s",
            table.values(column, table.key),
            draft.random.randint(20, 40),
        )


def unused_number(draft: Draft) -> None:
    """An index for a question that nobody asks any more."""
    table = draft.site()
    score = draft.column(table, "score", columns.number, 5000)
    _unused(draft, "number", table, table.index(score), [score])


def unused_composite(draft: Draft) -> None:
    """The same with two columns."""
    table = draft.site()
    place = draft.column(table, "place", columns.code, 80, "P", sql_type="VARCHAR(20) NOT NULL")
    when = draft.column(table, "when", columns.moment, 400)
    _unused(draft, "composite", table, table.index(place, when), [when])


def unused_flag(draft: Draft) -> None:
    """An index on a flag that no planner would choose."""
    table = draft.site()
    flag = draft.column(table, "flag", columns.number, 2, sql_type="TINYINT NOT NULL", base=0)
    _unused(draft, "flag", table, table.index(flag), [flag])


def unused_text(draft: Draft) -> None:
    """An index on the beginning of a text."""
    table = draft.site()
    body = draft.column(table, "body", columns.text, 80, sql_type="VARCHAR(200) NOT NULL")
    _unused(draft, "text", table, table.index(f"{body}(30)"), [body])


UNUSED_FORMS: Sequence[Callable[[Draft], None]] = (
    unused_number,
    unused_composite,
    unused_flag,
    unused_text,
)

FORMS: Mapping[str, tuple[int, Sequence[Callable[[Draft], None]]]] = {
    "index.missing": (14, MISSING_FORMS),
    "index.redundant": (5, REDUNDANT_FORMS),
    "index.unused": (3, UNUSED_FORMS),
}
"""Kind -> how many are planted in a database, and in which forms."""
