"""Traps: what is healthy and looks like a fault. A finding about one is false."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from bench.rig import optimizer_columns as columns
from bench.rig.optimizer_blueprint import Table
from bench.rig.optimizer_draft import Draft

Form = Callable[[Draft], None]


def _small(draft: Draft, form: str, role: str, condition: str) -> None:
    table = draft.table(draft.random.choice((120, 250, 400)), shared=False)
    column = draft.column(table, role, columns.code, 60, "s", sql_type="VARCHAR(30) NOT NULL")
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {condition.format(column)}"
    draft.load(table, sql, table.values(column), 40)
    draft.trap(form, table)


def small_equality(draft: Draft) -> None:
    """A scan of a table that fits into a few pages."""
    _small(draft, "small table", "code", "{} = %s")


def small_function(draft: Draft) -> None:
    """A function on a column of it."""
    _small(draft, "small table, function", "mail", "UPPER({}) = %s")


def small_wildcard(draft: Draft) -> None:
    """A pattern in it."""
    _small(draft, "small table, wildcard", "code", "{} LIKE CONCAT('%%', %s)")


def small_shuffled(draft: Draft) -> None:
    """A few rows by chance out of a few."""
    table = draft.table(60, shared=False)
    title, _ = draft.plain(table)
    draft.load(table, f"SELECT {title} FROM {table.name} ORDER BY RAND() LIMIT 5", calls=30)
    draft.trap("small table, shuffled", table)


def small_all(draft: Draft) -> None:
    """All of a lookup table."""
    table = draft.table(draft.random.choice((12, 90, 300)), shared=False)
    draft.load(table, f"SELECT * FROM {table.name}", calls=40)
    draft.load(table, f"SELECT * FROM {table.name} ORDER BY {draft.plain(table)[0]}", calls=20)
    draft.trap("small table, all of it", table)


def foreign_key(draft: Draft) -> None:
    """An index that nothing reads but the foreign key."""
    parent = draft.table(2_000, shared=False)
    child = draft.table(6_000, schema=parent.schema, shared=False)
    link = draft.reference(child, parent, constrained=True)
    name = child.index(link)
    draft.trap("foreign key's index", child, [link], [name])


def foreign_key_composite(draft: Draft) -> None:
    """The same, where the index has one more column."""
    parent = draft.table(2_000, shared=False)
    child = draft.table(6_000, schema=parent.schema, shared=False)
    link = draft.reference(child, parent, constrained=True)
    count = draft.plain(child)[1]
    name = child.index(link, count)
    draft.trap("foreign key's index, longer", child, [link], [name])


def unique_unread(draft: Draft) -> None:
    """A unique index that nothing reads: it keeps rows apart."""
    table = draft.table(8_000)
    code = draft.column(table, "code", columns.serial, "N")
    name = table.index(code, kind="UNIQUE")
    draft.trap("unique, never read", table, [code], [name])


def unique_composite(draft: Draft) -> None:
    """The same over two columns, of which the first has an index that is read."""
    table = draft.table(8_000, shared=False)
    owner = draft.column(table, "owner", columns.number, 900)
    code = draft.column(table, "code", columns.serial, "G")
    first = table.index(owner, code, kind="UNIQUE")
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {owner} = %s"
    draft.load(table, sql, table.values(owner))
    draft.trap("unique over two", table, [owner, code], [first])


def unique_beside_longer(draft: Draft) -> None:
    """A unique index that is the beginning of a covering one."""
    table = draft.table(10_000, shared=False)
    code = draft.column(table, "code", columns.serial, "B")
    money = draft.column(table, "money", columns.money, 500)
    unique = table.index(code, kind="UNIQUE", name=f"u_{code}")
    longer = table.index(code, money, name=f"c_{code}_{money}")
    sql = f"SELECT {code}, {money} FROM {table.name} FORCE INDEX ({longer}) WHERE {code} LIKE %s"
    draft.load(table, sql, lambda random: (f"B{random.randint(0, 6):05d}%",))
    draft.load(table, f"SELECT COUNT(*) FROM {table.name} WHERE {code} = %s", table.values(code))
    draft.trap("unique beside a covering one", table, [code, money], [unique, longer])


def constant_function(draft: Draft) -> None:
    """Functions on the constant, not on the column."""
    table = draft.site()
    when = draft.column(table, "when", columns.moment, 700)
    table.index(when)
    title, _ = draft.plain(table)
    sql = (
        f"SELECT {title} FROM {table.name} WHERE {when} >= DATE(%s) "
        f"AND {when} < DATE(%s) + INTERVAL 1 DAY"
    )
    draft.load(table, sql, lambda random: (day := _some_day(random), day))
    draft.trap("function on the constant", table, [when])


def _some_day(random: Random) -> Any:
    return columns.FIRST + timedelta(days=random.randint(0, 690), hours=3)


def constant_lower(draft: Draft) -> None:
    """The constant in small letters."""
    table = draft.site()
    mail = draft.column(table, "mail", columns.code, 10**6, "u", sql_type="VARCHAR(60) NOT NULL")
    table.index(mail)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {mail} = LOWER(TRIM(%s))"
    draft.load(table, sql, table.values(mail))
    draft.trap("function on the constant, text", table, [mail])


def since_now(draft: Draft) -> None:
    """The last hours, from now."""
    table = draft.site()
    when = draft.column(table, "when", columns.moment, 600)
    table.index(when)
    sql = f"SELECT COUNT(*) FROM {table.name} WHERE {when} > NOW() - INTERVAL %s HOUR"
    draft.load(table, sql, lambda random: (random.randint(1, 9),))
    draft.trap("since now", table, [when])


def begins_with(draft: Draft) -> None:
    """The beginning of a code, with its index."""
    table = draft.site()
    code = draft.column(table, "code", columns.serial, "L")
    table.index(code)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {code} LIKE %s"
    draft.load(table, sql, lambda random: (table.value(code, table.row(random))[:8] + "%",))
    draft.trap("begins with", table, [code])


def begins_with_concatenated(draft: Draft) -> None:
    """The same, the pattern made by the server."""
    table = draft.site()
    code = draft.column(table, "code", columns.serial, "M")
    table.index(code)
    sql = f"SELECT {code} FROM {table.name} WHERE {code} LIKE CONCAT(%s, '%%') LIMIT 10"
    draft.load(table, sql, lambda random: (table.value(code, table.row(random))[:8],))
    draft.trap("begins with, concatenated", table, [code])


def first_pages(draft: Draft) -> None:
    """The second and third page."""
    table = draft.site()
    title, _ = draft.plain(table)
    sql = (
        f"SELECT {table.key}, {title} FROM {table.name} ORDER BY {table.key} DESC "
        "LIMIT 20 OFFSET %s"
    )
    draft.load(table, sql, lambda random: (random.choice((0, 0, 0, 20, 40)),))
    draft.trap("first pages", table, [table.key])


def keyset_pages(draft: Draft) -> None:
    """Pages that go on from the last key."""
    table = draft.site()
    title, _ = draft.plain(table)
    sql = (
        f"SELECT {table.key}, {title} FROM {table.name} WHERE {table.key} > %s "
        f"ORDER BY {table.key} LIMIT 50"
    )
    draft.load(table, sql, lambda random: (table.row(random),))
    draft.trap("keyset", table, [table.key])


def _family(draft: Draft) -> tuple[Table, Table, str, str]:
    parent = draft.table(6_000, shared=False)
    child = draft.table(10_000, schema=parent.schema, shared=False)
    link = draft.reference(child, parent)
    child.index(link)
    owner = draft.column(parent, "owner", columns.number, 900)
    parent.index(owner)
    for table, column in ((parent, owner), (child, link)):
        sql = f"SELECT {draft.plain(table)[0]} FROM {table.name} WHERE {column} = %s"
        draft.load(table, sql, table.values(column), 8)
    return parent, child, link, owner


def exists(draft: Draft) -> None:
    """EXISTS that becomes a semi-join."""
    parent, child, link, owner = _family(draft)
    title, _ = draft.plain(parent)
    sql = (
        f"SELECT p.{title} FROM {parent.name} p WHERE p.{owner} = %s AND EXISTS "
        f"(SELECT 1 FROM {child.name} c WHERE c.{link} = p.{parent.key})"
    )
    draft.load(parent, sql, parent.values(owner))
    draft.trap("exists", parent)
    draft.trap("exists, inner", child)


def in_subquery(draft: Draft) -> None:
    """IN that becomes a semi-join."""
    parent, child, link, owner = _family(draft)
    title, _ = draft.plain(child)
    sql = (
        f"SELECT {title} FROM {child.name} WHERE {link} IN "
        f"(SELECT {parent.key} FROM {parent.name} WHERE {owner} = %s)"
    )
    draft.load(parent, sql, parent.values(owner))
    draft.trap("in subquery", child)


def count_for_one(draft: Draft) -> None:
    """A dependent subquery that runs for one row."""
    parent, child, link, _ = _family(draft)
    sql = (
        f"SELECT p.{parent.key}, (SELECT COUNT(*) FROM {child.name} c "
        f"WHERE c.{link} = p.{parent.key}) "
        f"FROM {parent.name} p WHERE p.{parent.key} = %s"
    )
    draft.load(parent, sql, parent.values(parent.key))
    draft.trap("dependent on one row", parent)


def indexed_join(draft: Draft) -> None:
    """A join by indexes on both sides."""
    parent, child, link, owner = _family(draft)
    title, count = draft.plain(child)
    sql = (
        f"SELECT c.{title}, c.{count} FROM {parent.name} p JOIN {child.name} c "
        f"ON c.{link} = p.{parent.key} WHERE p.{owner} = %s"
    )
    draft.load(parent, sql, parent.values(owner))
    draft.trap("indexed join", child, [link])


def covering_used(draft: Draft) -> None:
    """Two indexes with the same columns in two orders, both read."""
    table = draft.table(12_000, shared=False)
    owner = draft.column(table, "owner", columns.number, 500)
    score = draft.column(table, "score", columns.number, 700)
    one, two = table.index(owner, score), table.index(score, owner)
    for column, other in ((owner, score), (score, owner)):
        sql = f"SELECT {other} FROM {table.name} WHERE {column} = %s"
        draft.load(table, sql, table.values(column))
    draft.trap("two orders", table, [owner, score], [one, two])


def whole_report(draft: Draft) -> None:
    """A report that must read everything."""
    table = draft.site(8_000)
    kind = draft.column(table, "kind", columns.code, 8, "K", sql_type="VARCHAR(12) NOT NULL")
    _, count = draft.plain(table)
    sql = f"SELECT {kind}, COUNT(*), SUM({count}) FROM {table.name} GROUP BY {kind}"
    draft.load(table, sql, calls=3)
    draft.trap("report", table, [kind])


def whole_report_by_day(draft: Draft) -> None:
    """A report of all days: a function in GROUP BY, where no index could help."""
    table = draft.site(8_000)
    when = draft.column(table, "when", columns.moment, 300)
    sql = f"SELECT DATE({when}), COUNT(*) FROM {table.name} GROUP BY DATE({when})"
    draft.load(table, sql, calls=3)
    draft.trap("report by day", table, [when])


def rare_scan(draft: Draft) -> None:
    """A scan that somebody ran once."""
    table = draft.site(8_000)
    body = draft.column(table, "place", columns.code, 3000, "r", sql_type="VARCHAR(30) NOT NULL")
    title, _ = draft.plain(table)
    sql = f"SELECT {table.key}, {title} FROM {table.name} WHERE {body} = %s"
    draft.load(table, sql, table.values(body), calls=1)
    draft.trap("rare scan", table, [body])


def rare_export(draft: Draft) -> None:
    """An export of everything that ran once."""
    table = draft.site(6_000)
    draft.load(table, f"SELECT * FROM {table.name} ORDER BY {table.key}", calls=1)
    draft.trap("rare export", table, [table.key])


def prefix_lengths(draft: Draft) -> None:
    """An index on a beginning that leads on to another column, beside one on the whole."""
    table = draft.table(10_000, shared=False)
    code = draft.column(
        table, "code", columns.code, 5_000, "prefix-", sql_type="VARCHAR(60) NOT NULL"
    )
    score = draft.column(table, "score", columns.number, 3)
    whole = table.index(code, name=f"w_{code}")
    part = table.index(f"{code}(8)", score, name=f"p_{code}_{score}")
    title, _ = draft.plain(table)
    for hint, condition, values in (
        (whole, f"{code} = %s", table.values(code)),
        (part, f"{code} LIKE 'prefix-0%%' AND {score} = %s", table.values(score)),
    ):
        sql = f"SELECT {title} FROM {table.name} FORCE INDEX ({hint}) WHERE {condition} LIMIT 20"
        draft.load(table, sql, values)
    draft.trap("prefix lengths", table, [code, score], [whole, part])


def descending(draft: Draft) -> None:
    """An index that descends beside one that does not, each read in its order."""
    table = draft.table(12_000, shared=False)
    owner = draft.column(table, "owner", columns.number, 500)
    when = draft.column(table, "when", columns.moment, 400)
    down = table.index(owner, f"{when} DESC", name=f"d_{owner}")
    up = table.index(owner, when, name=f"u_{owner}")
    for direction in ("", " DESC"):
        sql = (
            f"SELECT {owner}, {when} FROM {table.name} ORDER BY {owner}, {when}{direction} LIMIT 10"
        )
        draft.load(table, sql, calls=20)
    draft.trap("descending", table, [owner, when], [down, up])


def in_five(draft: Draft) -> None:
    """Five keys."""
    table = draft.site()
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {table.key} IN (%s, %s, %s, %s, %s)"
    draft.load(table, sql, lambda random: random.sample(range(1, table.rows), 5))
    draft.trap("in of five", table, [table.key])


def star_of_narrow(draft: Draft) -> None:
    """SELECT * where all columns are short."""
    table = draft.table(8_000, shared=False)
    owner = draft.column(table, "owner", columns.number, 900)
    table.index(owner)
    draft.load(table, f"SELECT * FROM {table.name} WHERE {owner} = %s", table.values(owner))
    draft.trap("star of narrow", table)


def star_of_one(draft: Draft) -> None:
    """SELECT * of one row, whose text is wanted."""
    table = draft.table(2_000, shared=False)
    draft.column(table, "body", columns.text, 2_000, sql_type="TEXT NOT NULL")
    draft.load(table, f"SELECT * FROM {table.name} WHERE {table.key} = %s", table.values(table.key))
    draft.trap("star of one row", table)


def either_merged(draft: Draft) -> None:
    """OR over two columns with an index each, which the server merges."""
    table = draft.site(8_000)
    code = draft.column(table, "code", columns.serial, "I")
    mail = draft.column(table, "mail", columns.serial, "i")
    table.index(code)
    table.index(mail)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {code} = %s OR {mail} = %s"
    draft.load(table, sql, table.values(code, mail))
    draft.trap("index merge", table, [code, mail])


def either_value(draft: Draft) -> None:
    """OR over one column, which is a list."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, 2_000)
    table.index(owner)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {owner} = %s OR {owner} = %s"
    draft.load(table, sql, lambda random: (random.randint(1, 2000), random.randint(1, 2000)))
    draft.trap("or of one column", table, [owner])


def seldom_read(draft: Draft) -> None:
    """An index that one report a month reads."""
    table = draft.site()
    score = draft.column(table, "score", columns.number, 4_000)
    name = table.index(score)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {score} = %s"
    draft.load(table, sql, table.values(score), calls=2)
    draft.trap("seldom read", table, [score], [name])


def rare_value(draft: Draft) -> None:
    """An index of two values, of which the rare one is asked for."""
    table = draft.site()
    states = ("done", "open")
    status = draft.column(
        table, "status", columns.word, states, sql_type="VARCHAR(10) NOT NULL", skew=6
    )
    name = table.index(status)
    sql = f"SELECT {table.key} FROM {table.name} WHERE {status} = %s ORDER BY {table.key} LIMIT 25"
    draft.load(table, sql, lambda random: ("open",))
    draft.trap("rare value", table, [status], [name])


def shuffled_few(draft: Draft) -> None:
    """By chance out of a dozen that an index finds."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, table.rows // 10)
    table.index(owner)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {owner} = %s ORDER BY RAND() LIMIT 1"
    draft.load(table, sql, table.values(owner))
    draft.trap("shuffled few", table, [owner])


def count_all(draft: Draft) -> None:
    """A count of everything, a few times."""
    table = draft.site()
    draft.load(table, f"SELECT COUNT(*) FROM {table.name}", calls=3)
    draft.trap("count of all", table, [table.key])


def text_for_number(draft: Draft) -> None:
    """A number that is given as text: the server converts the constant."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, 2_000)
    table.index(owner)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {owner} = %s"
    draft.load(table, sql, lambda random: (str(table.value(owner, table.row(random))),))
    draft.trap("text for a number", table, [owner])


def digits_as_text(draft: Draft) -> None:
    """Codes of digits with leading zeros, looked up as texts."""
    table = draft.site()
    phone = draft.column(table, "phone", columns.zipped, 10**6, sql_type="VARCHAR(16) NOT NULL")
    table.index(phone)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {phone} = %s"
    draft.load(table, sql, table.values(phone))
    draft.trap("digits that are text", table, [phone])


def ascii_key(draft: Draft) -> None:
    """Identifiers in ascii, as is advised."""
    table = draft.site()
    sql_type = "CHAR(36) CHARACTER SET ascii NOT NULL"
    code = draft.column(table, "code", columns.text, 36, sql_type=sql_type)
    table.index(code)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {code} = %s"
    draft.load(table, sql, table.values(code))
    draft.trap("ascii identifiers", table, [code])


def unique_as_key(draft: Draft) -> None:
    """No primary key, but a unique one that is never null, which the engine takes instead."""
    table = draft.table(6_000, keyed=False)
    code = draft.column(table, "code", columns.serial, "Y")
    table.index(code, kind="UNIQUE")
    title, _ = draft.plain(table)
    draft.load(table, f"SELECT {title} FROM {table.name} WHERE {code} = %s", table.values(code))
    draft.trap("unique instead of primary", table)


def roomy_key(draft: Draft) -> None:
    """Automatic numbers of which two fifths are used."""
    table = draft.table(3_000, keyed=False)
    name = draft.name(table, "key")
    key = columns.ascending(name, "INT NOT NULL AUTO_INCREMENT", 850_000_000)
    table.columns = {name: key, **table.columns}
    table.primary, table.automatic = (name,), name
    draft.trap("roomy key", table)


def short_key(draft: Draft) -> None:
    """A small type for a small, closed list."""
    table = draft.table(12, keyed=False)
    name = draft.name(table, "key")
    table.columns = {name: columns.ascending(name, "TINYINT UNSIGNED NOT NULL"), **table.columns}
    table.primary = (name,)
    draft.trap("short key", table)


def measured_float(draft: Draft) -> None:
    """Measurements as floating point numbers."""
    table = draft.site()
    value = draft.column(table, "measure", columns.money, 90, sql_type="DOUBLE NOT NULL")
    sql = f"SELECT AVG({value}) FROM {table.name} WHERE {table.key} BETWEEN %s AND %s"
    draft.load(table, sql, lambda random: (start := table.row(random), start + 60))
    draft.trap("measurements", table, [value])


def limited(draft: Draft) -> None:
    """A long list with a limit, in the order of the key."""
    table = draft.site(8_000)
    title, _ = draft.plain(table)
    draft.load(table, f"SELECT {title} FROM {table.name} ORDER BY {table.key} LIMIT 200")
    draft.trap("limited", table, [table.key])


def fulltext(draft: Draft) -> None:
    """A full-text index: its reads are not counted as those of other indexes."""
    table = draft.table(6_000, shared=False)
    body = draft.column(table, "body", columns.phrase, sql_type="VARCHAR(200) NOT NULL")
    name = table.index(body, kind="FULLTEXT")
    sql = f"SELECT {table.key} FROM {table.name} WHERE MATCH ({body}) AGAINST (%s) LIMIT 20"
    draft.load(table, sql, lambda random: (table.value(body, table.row(random)).split()[0],))
    draft.trap("full text", table, [body], [name])


def extremes(draft: Draft) -> None:
    """The least and the greatest, which the ends of an index tell without reading rows."""
    table = draft.site()
    when = draft.column(table, "when", columns.moment, 500)
    name = table.index(when)
    draft.load(table, f"SELECT MIN({when}), MAX({when}) FROM {table.name}")
    sql = f"SELECT COUNT(*) FROM {table.name} WHERE {when} < %s"
    draft.load(table, sql, lambda random: (columns.FIRST + timedelta(hours=random.randint(1, 90)),))
    draft.trap("extremes", table, [when], [name])


def latest_by_index(draft: Draft) -> None:
    """The latest of one owner, with the index for it."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, 300)
    when = draft.column(table, "when", columns.moment, 500)
    name = table.index(owner, when)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {owner} = %s ORDER BY {when} DESC LIMIT 10"
    draft.load(table, sql, table.values(owner))
    draft.trap("latest by index", table, [owner, when], [name])


def good_enough(draft: Draft) -> None:
    """A second condition on the few rows that an index finds."""
    table = draft.site()
    owner = draft.column(table, "owner", columns.number, table.rows // 8)
    flag = draft.column(table, "flag", columns.number, 2, sql_type="TINYINT NOT NULL", base=0)
    table.index(owner)
    title, _ = draft.plain(table)
    sql = f"SELECT {title} FROM {table.name} WHERE {owner} = %s AND {flag} = 1"
    draft.load(table, sql, table.values(owner))
    draft.trap("good enough", table, [owner, flag])


def batch_by_key(draft: Draft) -> None:
    """A change of some rows in a row."""
    table = draft.site()
    _, count = draft.plain(table)
    sql = f"UPDATE {table.name} SET {count} = 1 WHERE {table.key} BETWEEN %s AND %s"
    draft.load(table, sql, lambda random: (start := table.row(random), start + 30))
    draft.trap("batch by key", table, [table.key])


FORMS: Sequence[Form] = (
    small_equality,
    small_function,
    small_wildcard,
    small_shuffled,
    small_all,
    foreign_key,
    foreign_key_composite,
    unique_unread,
    unique_composite,
    unique_beside_longer,
    constant_function,
    constant_lower,
    since_now,
    begins_with,
    begins_with_concatenated,
    first_pages,
    keyset_pages,
    exists,
    in_subquery,
    count_for_one,
    indexed_join,
    covering_used,
    whole_report,
    whole_report_by_day,
    rare_scan,
    rare_export,
    prefix_lengths,
    descending,
    in_five,
    star_of_narrow,
    star_of_one,
    either_merged,
    either_value,
    seldom_read,
    rare_value,
    shuffled_few,
    count_all,
    text_for_number,
    digits_as_text,
    ascii_key,
    unique_as_key,
    roomy_key,
    short_key,
    measured_float,
    limited,
    fulltext,
    extremes,
    latest_by_index,
    good_enough,
    batch_by_key,
)
"""All of them; a database has some forty."""
