"""Faults of statements: each is written in a way that no index, or no planner, can make up for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from bench.rig import optimizer_columns as columns
from bench.rig.optimizer_blueprint import Statement, Table
from bench.rig.optimizer_draft import Draft
from bench.rig.optimizer_remedies import Either, Remedy, Rewrites, Serves, bare, matching

Form = Callable[[Draft], None]


def _planted(
    draft: Draft,
    form: str,
    rule: str,
    table: Table,
    fixed: Callable[[str], bool],
    *,
    change: Remedy | Callable[[str], bool] | None = None,
    **about: Any,
) -> None:
    rules = (rule, *about.pop("or_rules", ()))
    remedy = Rewrites(table.schema, fixed, change)
    draft.fault(form, rules, table, remedy=remedy, **about)


def _function(draft: Draft, form: str, table: Table, column: str, statement: Statement) -> None:
    change = matching(r"generated|as\s*\(|\(\(")
    _planted(
        draft,
        form,
        "statement.function_on_column",
        table,
        bare(column),
        change=change,
        columns=[column],
        also=["index.missing", "index.unused"],
    )


def date_of(draft: Draft) -> None:
    """The day of a time."""
    table = draft.site()
    when = draft.column(table, "when", columns.moment, 700)
    table.index(when)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE DATE({when}) = %s"
    statement = draft.load(
        table, sql, lambda random: (table.value(when, table.row(random)).date(),)
    )
    _function(draft, "date", table, when, statement)


def year_and_month(draft: Draft) -> None:
    """The month of a time."""
    table = draft.site()
    when = draft.column(table, "when", columns.moment, 1400)
    table.index(when)
    sql = f"SELECT COUNT(*) FROM {table.name} WHERE YEAR({when}) = %s AND MONTH({when}) = %s"
    arguments = lambda random: (random.randint(2024, 2026), random.randint(1, 12))  # noqa: E731 (a draw)
    _function(draft, "year and month", table, when, draft.load(table, sql, arguments))


def lower(draft: Draft) -> None:
    """A text in small letters, although its collation knows none but small ones."""
    table = draft.site()
    mail = draft.column(
        table,
        "mail",
        columns.code,
        table.rows,
        "User",
        sql_type="VARCHAR(80) NOT NULL",
        suffix="@mail.example",
    )
    table.index(mail)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE LOWER({mail}) = %s"
    arguments = lambda random: (table.value(mail, table.row(random)).lower(),)  # noqa: E731 (a draw)
    _function(draft, "lower", table, mail, draft.load(table, sql, arguments))


def arithmetic(draft: Draft) -> None:
    """An amount with its tax."""
    table = draft.site()
    money = draft.column(table, "money", columns.money, 5000)
    table.index(money)
    title, _ = draft.plain(table)
    sql = f"SELECT {title}, {money} FROM {table.name} WHERE {money} * 1.2 > %s"
    statement = draft.load(table, sql, lambda random: (random.randint(5950, 5995),))
    _function(draft, "arithmetic", table, money, statement)


def beginning(draft: Draft) -> None:
    """The first letters of a code."""
    table = draft.site()
    code = draft.column(table, "code", columns.code, 90_000, "W", sql_type="VARCHAR(40) NOT NULL")
    table.index(code)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE LEFT({code}, 5) = %s"
    statement = draft.load(table, sql, lambda random: (table.value(code, table.row(random))[:5],))
    _function(draft, "left", table, code, statement)


def formatted(draft: Draft) -> None:
    """A time as text."""
    table = draft.site()
    when = draft.column(table, "when", columns.moment, 700)
    table.index(when)
    sql = f"SELECT COUNT(*) FROM {table.name} WHERE DATE_FORMAT({when}, '%%Y-%%m-%%d') = %s"
    arguments = lambda random: (str(table.value(when, table.row(random)).date()),)  # noqa: E731 (a draw)
    _function(draft, "date_format", table, when, draft.load(table, sql, arguments))


def defaulted(draft: Draft) -> None:
    """A number in the place of a missing one."""
    table = draft.site()
    score = draft.column(table, "score", columns.number, 4000, sql_type="INT NULL", base=1)
    table.index(score)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE COALESCE({score}, 0) = %s"
    _function(draft, "coalesce", table, score, draft.load(table, sql, table.values(score)))


def _conversion(
    draft: Draft,
    form: str,
    table: Table,
    column: str,
    fixed: Callable[[str], bool],
    *,
    statement: Statement,
    change: str,
    **about: Any,
) -> None:
    named = {column, *about.pop("columns", ())}
    _planted(
        draft,
        form,
        "statement.implicit_conversion",
        table,
        fixed,
        change=Serves(statement),
        columns=named,
        expert=(f"ALTER TABLE {table.quoted} MODIFY `{column}` {change}",),
        also=["schema.wrong_type", "schema.mixed_charsets", "index.unused"],
        **about,
    )


_AS_TEXT = matching(r"(=|in\s*\()\s*(\(\s*)?('|cast\s*\(|convert\s*\(|concat\s*\()")


def number_for_text(draft: Draft) -> None:
    """A number looked for among texts."""
    table = draft.site()
    phone = draft.column(
        table, "phone", columns.digits, 10**6, sql_type="VARCHAR(20) NOT NULL", first=10**8
    )
    table.index(phone)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {phone} = %s"
    statement = draft.load(table, sql, lambda random: (int(table.value(phone, table.row(random))),))
    _conversion(
        draft,
        "number for text",
        table,
        phone,
        _AS_TEXT,
        statement=statement,
        change="BIGINT NOT NULL",
    )


def numbers_for_text(draft: Draft) -> None:
    """Some numbers looked for among texts."""
    table = draft.site()
    code = draft.column(
        table, "code", columns.digits, 10**6, sql_type="CHAR(12) NOT NULL", first=10**7
    )
    table.index(code)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {code} IN (%s, %s)"

    def two(random: Random) -> list[int]:
        return [int(table.value(code, table.row(random))) for _ in range(2)]

    statement = draft.load(table, sql, two)
    _conversion(
        draft,
        "numbers for text",
        table,
        code,
        _AS_TEXT,
        statement=statement,
        change="BIGINT NOT NULL",
    )


_CONVERTED = matching(r"cast\s*\(|convert\s*\(|concat\s*\(|collate")


def joined_number(draft: Draft) -> None:
    """A reference that is kept as text."""
    parent = draft.table(8_000, shared=False)
    code = draft.column(parent, "code", columns.serial, "J")
    parent.index(code, kind="UNIQUE")
    child = draft.table(12_000, schema=parent.schema, shared=False)
    link = draft.column(child, "owner", columns.digits, 8_000, sql_type="VARCHAR(20) NOT NULL")
    child.index(link)
    title, _ = draft.plain(child)
    sql = (
        f"SELECT c.{title} FROM {parent.name} p JOIN {child.name} c ON c.{link} = p.{parent.key} "
        f"WHERE p.{code} = %s"
    )
    statement = draft.load(parent, sql, parent.values(code))
    sql_type = parent.columns[parent.key].type.split(" AUTO")[0]
    about = {"tables": [parent.full], "columns": [parent.key]}
    _conversion(
        draft,
        "joined number",
        child,
        link,
        _CONVERTED,
        statement=statement,
        change=sql_type,
        **about,
    )


def _joined_text(draft: Draft, form: str, given: str, looked_up: str, compared: str = "") -> None:
    left = draft.table(8_000, shared=False)
    right = draft.table(12_000, schema=left.schema, shared=False)
    name = "VARCHAR(24) {} NOT NULL".format
    one = draft.column(left, "code", columns.serial, "T", sql_type=name(given))
    other = draft.column(right, "code", columns.serial, "T", sql_type=name(looked_up))
    owner = draft.column(left, "owner", columns.number, 2000)
    left.index(owner)
    left.index(one)
    right.index(other)
    title, _ = draft.plain(right)
    sql = (
        f"SELECT r.{title} FROM {left.name} l JOIN {right.name} r ON r.{other} = l.{one} "
        f"{compared} WHERE l.{owner} = %s"
    )
    statement = draft.load(left, sql, left.values(owner))
    about = {"tables": [left.full], "columns": [one], "or_rules": ["schema.mixed_charsets"]}
    _conversion(
        draft, form, right, other, _CONVERTED, statement=statement, change=name(given), **about
    )


def joined_charset(draft: Draft) -> None:
    """Texts of two character sets that are joined."""
    _joined_text(draft, "joined charsets", "CHARACTER SET utf8mb4", "CHARACTER SET latin1")


def joined_collation(draft: Draft) -> None:
    """Texts of two collations that are joined, by that of the side that is looked up from."""
    given = "COLLATE utf8mb4_general_ci"
    _joined_text(draft, "joined collations", given, "COLLATE utf8mb4_unicode_ci", given)


def _wildcard(draft: Draft, form: str, table: Table, column: str) -> None:
    _planted(
        draft,
        form,
        "statement.leading_wildcard",
        table,
        matching(r"match\s*\(|reverse\s*\(|like\s+(concat\s*\(\s*\?|'[^%_?])"),
        change=matching(r"fulltext|reverse|trigram"),
        columns=[column],
        also=["index.unused"],
    )


def ends_with(draft: Draft) -> None:
    """The end of a code."""
    table = draft.site(10_000)
    code = draft.column(table, "code", columns.code, 10**6, "E", sql_type="VARCHAR(40) NOT NULL")
    table.index(code)
    sql = f"SELECT {table.key}, {code} FROM {table.name} WHERE {code} LIKE %s"
    draft.load(table, sql, lambda random: (f"%{random.randint(0, 999):03d}",))
    _wildcard(draft, "ends with", table, code)


def contains(draft: Draft) -> None:
    """Something within a title."""
    table = draft.site(10_000)
    title, _ = draft.plain(table)
    head = draft.column(table, "title", columns.phrase)
    sql = f"SELECT {title} FROM {table.name} WHERE {head} LIKE %s LIMIT 20"
    draft.load(table, sql, lambda random: (f"%{random.randrange(16**4):04x}%",))
    _wildcard(draft, "contains", table, head)


def contains_concatenated(draft: Draft) -> None:
    """The same, the pattern made by the server."""
    table = draft.site(10_000)
    head = draft.column(table, "title", columns.phrase)
    sql = f"SELECT COUNT(*) FROM {table.name} WHERE {head} LIKE CONCAT('%%', %s, '%%')"
    draft.load(table, sql, lambda random: (f"{random.randrange(16**3):03x}",))
    _wildcard(draft, "contains concatenated", table, head)


_KEYSET = matching(
    r"(where|and)\b.+[<>]|join\s*\(\s*select",
    without=r"^(?!.*join\s*\().*(offset|limit\s+[\d?]+\s*,)",
)


def pages_by_key(draft: Draft) -> None:
    """Page 300 of everything."""
    table = draft.site(12_000, 60_000)
    title, _ = draft.plain(table)
    sql = f"SELECT {table.key}, {title} FROM {table.name} ORDER BY {table.key} LIMIT %s, 20"
    draft.load(table, sql, lambda random: (random.randrange(6_000, table.rows - 500, 20),))
    _planted(draft, "by key", "statement.deep_offset", table, _KEYSET)


def pages_of_one(draft: Draft) -> None:
    """Page 100 of one owner, sorted by an index."""
    table = draft.site(12_000, 60_000)
    owner = draft.column(table, "owner", columns.number, 3)
    when = draft.column(table, "when", columns.moment, 700)
    table.index(owner, when)
    title, _ = draft.plain(table)
    sql = (
        f"SELECT {title}, {when} FROM {table.name} WHERE {owner} = %s ORDER BY {when} DESC "
        "LIMIT 25 OFFSET %s"
    )
    draft.load(
        table, sql, lambda random: (random.randint(1, 3), random.randrange(2_500, 3_600, 25))
    )
    _planted(draft, "of one", "statement.deep_offset", table, _KEYSET)


_NOT_SHUFFLED = matching(
    r"where|join|between", without=r"^(?!.*join\s*\(\s*select).*order\s+by\s+rand\s*\("
)


def shuffled(draft: Draft) -> None:
    """Three rows of all, by chance."""
    table = draft.site(10_000)
    title, _ = draft.plain(table)
    draft.load(table, f"SELECT {title} FROM {table.name} ORDER BY RAND() LIMIT 3")
    _planted(draft, "all", "statement.order_by_random", table, _NOT_SHUFFLED)


def shuffled_part(draft: Draft) -> None:
    """One of the rows that are published, by chance."""
    table = draft.site(10_000)
    flag = draft.column(table, "flag", columns.number, 2, sql_type="TINYINT NOT NULL", base=0)
    title, count = draft.plain(table)
    sql = f"SELECT {title}, {count} FROM {table.name} WHERE {flag} = 1 ORDER BY RAND() LIMIT 1"
    draft.load(table, sql)
    _planted(
        draft, "part", "statement.order_by_random", table, _NOT_SHUFFLED, also=["index.missing"]
    )


_UNION = matching(r"\bunion\b")


def _either(
    draft: Draft,
    form: str,
    table: Table,
    named: Sequence[str],
    *,
    statement: Statement,
    without: Sequence[str],
) -> None:
    expert = tuple(
        f"ALTER TABLE {table.quoted} ADD INDEX `either_{column}` (`{column}`)" for column in without
    )
    remedy = Rewrites(table.schema, _UNION)
    draft.fault(
        form,
        ("statement.or_across_columns", "index.missing"),
        table,
        columns=named,
        remedy=Either((remedy, Serves(statement))) if expert else remedy,
        expert=expert,
        also=["index.missing", "index.unused"],
    )


def either_indexed(draft: Draft) -> None:
    """One of two columns has an index, which is of no use then."""
    table = draft.site()
    code = draft.column(
        table, "code", columns.code, table.rows, "O", sql_type="VARCHAR(30) NOT NULL"
    )
    mail = draft.column(
        table, "mail", columns.code, table.rows, "m", sql_type="VARCHAR(60) NOT NULL"
    )
    table.index(code)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {code} = %s OR {mail} = %s"
    statement = draft.load(table, sql, table.values(code, mail))
    _either(draft, "one indexed", table, [code, mail], statement=statement, without=[mail])


def either_bare(draft: Draft) -> None:
    """Neither has one."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, table.rows // 5)
    score = draft.column(table, "score", columns.number, table.rows // 4)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {owner} = %s OR {score} = %s"
    statement = draft.load(table, sql, table.values(owner, score))
    _either(
        draft, "none indexed", table, [owner, score], statement=statement, without=[owner, score]
    )


def either_table(draft: Draft) -> None:
    """The columns are of two tables that are joined."""
    parent = draft.table(8_000, shared=False)
    child = draft.table(10_000, schema=parent.schema, shared=False)
    code = draft.column(parent, "code", columns.serial, "S")
    other = draft.column(child, "code", columns.serial, "V")
    link = draft.reference(child, parent)
    for table, column in ((parent, code), (child, other), (child, link)):
        table.index(column)
    title, _ = draft.plain(child)
    sql = (
        f"SELECT c.{title} FROM {parent.name} p JOIN {child.name} c ON c.{link} = p.{parent.key} "
        f"WHERE p.{code} = %s OR c.{other} = %s"
    )

    def two(random: Random) -> tuple[Any, Any]:
        return parent.value(code, parent.row(random)), child.value(other, child.row(random))

    draft.load(parent, sql, two)
    _planted(
        draft,
        "two tables",
        "statement.or_across_columns",
        parent,
        _UNION,
        tables=[child.full],
        columns=[code, other],
        also=["index.unused"],
    )


_JOINED = matching(r"\bjoin\b|over\s*\(|^\s*with\b|update\s+[^;]*,|\busing\b")


def greatest_of_each(draft: Draft) -> None:
    """The latest of each owner, looked up for every row."""
    table = draft.table(12_000, shared=False)
    owner = draft.column(table, "owner", columns.number, 1_500)
    when = draft.column(table, "when", columns.moment, 700)
    kind = draft.column(table, "kind", columns.number, 6)
    table.index(owner)
    table.index(kind)
    sql = (
        f"SELECT o.{owner}, o.{when} FROM {table.name} o WHERE o.{kind} = %s AND o.{when} = "
        f"(SELECT MAX(i.{when}) FROM {table.name} i WHERE i.{owner} = o.{owner})"
    )
    draft.load(table, sql, table.values(kind), draft.random.randint(10, 16))
    _planted(
        draft,
        "greatest of each",
        "statement.dependent_subquery",
        table,
        _JOINED,
        also=["index.missing"],
    )


def counted_for_each(draft: Draft) -> None:
    """A count for every row of a long list."""
    parent = draft.table(6_000, shared=False)
    child = draft.table(20_000, schema=parent.schema, shared=False)
    link = draft.reference(child, parent, different=4_000)
    count = draft.plain(child)[1]
    flag = draft.column(parent, "flag", columns.number, 2, sql_type="TINYINT NOT NULL", base=0)
    child.index(link)
    sql = (
        f"SELECT p.{parent.key}, (SELECT SUM(c.{count}) FROM {child.name} c "
        f"WHERE c.{link} = p.{parent.key}) FROM {parent.name} p WHERE p.{flag} = %s"
    )
    draft.load(parent, sql, parent.values(flag), draft.random.randint(10, 16))
    _planted(
        draft,
        "counted for each",
        "statement.dependent_subquery",
        parent,
        _JOINED,
        tables=[child.full],
        also=["index.missing", "statement.missing_limit"],
    )


def updated_in(draft: Draft) -> None:
    """An UPDATE of what a subquery finds, for which the subquery runs once a row."""
    parent = draft.table(8_000, shared=False)
    child = draft.table(10_000, schema=parent.schema, shared=False)
    code = draft.column(parent, "code", columns.serial, "D")
    link = draft.reference(child, parent)
    parent.index(code)
    child.index(link)
    _, count = draft.plain(child)
    sql = (
        f"UPDATE {child.name} SET {count} = {count} + 1 WHERE {link} IN "
        f"(SELECT {parent.key} FROM {parent.name} WHERE {code} = %s)"
    )
    draft.load(child, sql, parent.values(code), draft.random.randint(10, 16))
    _planted(
        draft,
        "updated in",
        "statement.dependent_subquery",
        child,
        _JOINED,
        tables=[parent.full],
        also=["index.missing", "index.unused"],
    )


def _wide(draft: Draft, schema: str = "") -> tuple[Table, str]:
    table = draft.table(3_000, schema=schema, shared=False)
    sql_type = draft.random.choice(("TEXT NOT NULL", "MEDIUMTEXT NOT NULL", "LONGTEXT NOT NULL"))
    return table, draft.column(table, "body", columns.text, 4_000, sql_type=sql_type)


def star_of_list(draft: Draft) -> None:
    """A list that carries the texts of its rows."""
    table, body = _wide(draft)
    owner = draft.column(table, "owner", columns.number, 20)
    table.index(owner)
    sql = f"SELECT * FROM {table.name} WHERE {owner} = %s ORDER BY {table.key} DESC LIMIT 60"
    draft.load(table, sql, table.values(owner))
    fixed = matching(r"select\s", without=rf"\*|\b{body}\b")
    _planted(draft, "list", "statement.select_star", table, fixed)


def star_of_join(draft: Draft) -> None:
    """A join that carries everything of both."""
    parent = draft.table(8_000, shared=False)
    wide, body = _wide(draft, parent.schema)
    link = draft.reference(wide, parent, different=60)
    wide.index(link)
    sql = (
        f"SELECT * FROM {parent.name} p JOIN {wide.name} w ON w.{link} = p.{parent.key} "
        f"WHERE p.{parent.key} = %s"
    )
    draft.load(parent, sql, lambda random: (random.randint(1, 60),))
    fixed = matching(r"select\s", without=rf"\*|\b{body}\b")
    _planted(draft, "join", "statement.select_star", wide, fixed, tables=[parent.full])


_LIMITED = matching(r"\blimit\b|fetch\s+first")


def all_rows(draft: Draft) -> None:
    """Everything, each time."""
    table = draft.site(10_000, 16_000)
    title, count = draft.plain(table)
    sql = f"SELECT {table.key}, {title}, {count} FROM {table.name}"
    draft.load(table, sql, calls=draft.random.randint(12, 16))
    _planted(draft, "all", "statement.missing_limit", table, _LIMITED)


def most_rows(draft: Draft) -> None:
    """Whatever is done, which most is."""
    table = draft.site(12_000, 16_000)
    states = ("done", "open", "failed", "new")
    status = draft.column(
        table, "status", columns.word, states, sql_type="VARCHAR(12) NOT NULL", skew=6
    )
    table.index(status)
    title, _ = draft.plain(table)
    sql = f"SELECT {table.key}, {title} FROM {table.name} WHERE {status} = %s"
    draft.load(table, sql, lambda random: ("done",), draft.random.randint(12, 16))
    _planted(draft, "most", "statement.missing_limit", table, _LIMITED, columns=[status])


_CHUNKED = matching(r"\bjoin\b|temporary|json_table|insert\s+into|between|values\s*\(")


def many_keys(draft: Draft) -> None:
    """A thousand keys that another system sent."""
    table = draft.site(10_000, 60_000)
    many = draft.random.choice((1000, 1500))
    marks = ", ".join(["%s"] * many)
    title, _ = draft.plain(table)
    sql = f"SELECT {table.key}, {title} FROM {table.name} WHERE {table.key} IN ({marks})"
    draft.load(table, sql, lambda random: random.sample(range(1, table.rows), many))
    _planted(draft, "keys", "statement.huge_in", table, _CHUNKED, change=_CHUNKED)


def many_codes(draft: Draft) -> None:
    """Eight hundred codes of an import."""
    table = draft.site(10_000, 60_000)
    code = draft.column(table, "code", columns.serial, "H")
    table.index(code, kind="UNIQUE")
    marks = ", ".join(["%s"] * 800)
    sql = f"SELECT {code} FROM {table.name} WHERE {code} IN ({marks}) AND {table.key} > 0"

    def codes(random: Random) -> list[str]:
        return [table.value(code, row) for row in random.sample(range(1, table.rows), 800)]

    draft.load(table, sql, codes)
    _planted(draft, "codes", "statement.huge_in", table, _CHUNKED, change=_CHUNKED)


FORMS: Mapping[str, tuple[int, Sequence[Form]]] = {
    "statement.function_on_column": (
        4,
        (date_of, year_and_month, lower, arithmetic, beginning, formatted, defaulted),
    ),
    "statement.implicit_conversion": (
        3,
        (number_for_text, numbers_for_text, joined_number, joined_charset, joined_collation),
    ),
    "statement.leading_wildcard": (2, (ends_with, contains, contains_concatenated)),
    "statement.deep_offset": (2, (pages_by_key, pages_of_one)),
    "statement.order_by_random": (2, (shuffled, shuffled_part)),
    "statement.or_across_columns": (2, (either_indexed, either_bare, either_table)),
    "statement.dependent_subquery": (2, (greatest_of_each, counted_for_each, updated_in)),
    "statement.select_star": (2, (star_of_list, star_of_join)),
    "statement.missing_limit": (2, (all_rows, most_rows)),
    "statement.huge_in": (2, (many_keys, many_codes)),
}
"""Kind -> how many are planted in a database, and in which forms."""
