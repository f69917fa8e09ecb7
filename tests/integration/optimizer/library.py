"""A library's database with planted faults, look-alikes of them, and the load that shows them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pymysql

BOOKS, LOANS, MEMBERS, NOTES = 8_000, 16_000, 3_000, 5_000
RUNS = 5

_TABLES = (
    """CREATE TABLE members (
        id INT PRIMARY KEY AUTO_INCREMENT, email VARCHAR(60) NOT NULL, card VARCHAR(20) NOT NULL,
        name VARCHAR(60) NOT NULL, city_id INT NOT NULL, joined_at DATETIME NOT NULL,
        active TINYINT NOT NULL,
        UNIQUE KEY by_email (email), KEY by_card (card), KEY by_name (name))""",
    """CREATE TABLE books (
        id INT PRIMARY KEY AUTO_INCREMENT, author_id INT NOT NULL, title VARCHAR(80) NOT NULL,
        isbn VARCHAR(20) NOT NULL, shelf INT NOT NULL, added_at DATETIME NOT NULL,
        pages INT NOT NULL, price FLOAT NOT NULL, blurb TEXT NOT NULL,
        KEY by_author (author_id), KEY by_added (added_at), KEY by_title (title),
        KEY twice_a (isbn), KEY twice_b (isbn), KEY ends_with_key (author_id, id),
        KEY unread (pages))""",
    "CREATE TABLE authors (id INT PRIMARY KEY, name VARCHAR(60) NOT NULL, country CHAR(2))",
    """CREATE TABLE loans (
        id INT PRIMARY KEY AUTO_INCREMENT, member_id INT NOT NULL, book_id INT NOT NULL,
        desk INT NOT NULL, state VARCHAR(10) NOT NULL, lent_at DATETIME NOT NULL,
        due_at DATETIME NOT NULL, fine DECIMAL(8,2) NOT NULL,
        KEY wrong (lent_at, member_id), KEY by_desk (desk), KEY by_state (state),
        KEY by_state_due (state, due_at))""",
    """CREATE TABLE notes (
        id INT PRIMARY KEY AUTO_INCREMENT, loan_id INT NOT NULL, member_ref VARCHAR(20) NOT NULL,
        text VARCHAR(200) NOT NULL, made_at DATETIME NOT NULL)""",
    """CREATE TABLE old_codes (
        id INT PRIMARY KEY, isbn VARCHAR(20) CHARACTER SET latin1 NOT NULL, KEY by_isbn (isbn))""",
    "CREATE TABLE visits (member_id INT NOT NULL, at DATETIME, KEY by_member (member_id))",
    "CREATE TABLE rooms (id INT PRIMARY KEY, name VARCHAR(20)) ENGINE=MyISAM",
    """CREATE TABLE tickets (id INT PRIMARY KEY AUTO_INCREMENT, at DATETIME)
        AUTO_INCREMENT=2000000000""",
    "CREATE TABLE settings (name VARCHAR(40) PRIMARY KEY, value VARCHAR(80), kind INT)",
    """CREATE TABLE audit (
        id INT PRIMARY KEY AUTO_INCREMENT, actor INT NOT NULL, what VARCHAR(40) NOT NULL)""",
    """CREATE TABLE reviews (
        id INT PRIMARY KEY AUTO_INCREMENT, book_id INT NOT NULL, member_id INT NOT NULL,
        stars INT NOT NULL, made_at DATETIME NOT NULL, UNIQUE KEY once (book_id, member_id),
        KEY by_member (member_id, made_at),
        CONSTRAINT about FOREIGN KEY (book_id) REFERENCES books (id),
        CONSTRAINT made_by FOREIGN KEY (member_id) REFERENCES members (id))""",
)

_DAY = "TIMESTAMPADD(MINUTE, 17 * n % 400000, '2026-01-01')"
_MIXED = "(n * 7919 % {})"  # spreads rows without repeating a pattern of n
_ROWS = {
    "members": (
        MEMBERS,
        (
            "n, CONCAT('m', n, '@example.org'), 10000 + n, CONCAT('Name ', n % 900), n % 200, "
            f"{_DAY}, n % 2"
        ),
    ),
    "books": (
        BOOKS,
        (
            f"n, n % 600, CONCAT(CHAR(97 + n % 20), ' tale ', n), CONCAT('isbn ', n), n % 200, "
            f"{_DAY}, "
            "n % 900, 9.5, REPEAT('blurb ', 150)"
        ),
    ),
    "authors": (600, "n, CONCAT('author ', n), 'de'"),
    "loans": (
        LOANS,
        (
            f"n, 1 + {_MIXED.format(MEMBERS)}, 1 + {_MIXED.format(BOOKS)}, n % 8, "
            f"IF(n % 200, 'returned', 'open'), {_DAY}, TIMESTAMPADD(DAY, 20, {_DAY}), 0"
        ),
    ),
    "notes": (
        NOTES,
        f"n, 1 + {_MIXED.format(LOANS)}, 1 + {_MIXED.format(MEMBERS)}, CONCAT('note ', n), {_DAY}",
    ),
    "old_codes": (BOOKS, "n, CONCAT('isbn ', n)"),
    "visits": (3_000, f"n % {MEMBERS}, {_DAY}"),
    "rooms": (20, "n, CONCAT('room ', n)"),
    "settings": (60, "CONCAT('setting ', n), 'x', n % 3"),
    "audit": (3_000, "n, n % 40, 'login'"),
    "reviews": (3_000, f"n, n, 1 + {_MIXED.format(MEMBERS)}, n % 5, {_DAY}"),
}


def plant(cursor: pymysql.cursors.Cursor) -> None:
    """Create the tables and fill them."""
    for statement in _TABLES:
        cursor.execute(statement)
    cursor.execute("CREATE TABLE digits (d INT PRIMARY KEY)")
    cursor.execute("INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)")
    numbers = "SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n"
    drawn = (
        f"{numbers} FROM digits a, digits b, digits c, digits e, (SELECT 0 AS d UNION SELECT 1) f"
    )
    for table, (count, values) in _ROWS.items():
        cursor.execute(f"INSERT INTO {table} SELECT {values} FROM ({drawn}) x WHERE n <= {count}")
    cursor.execute("DROP TABLE digits")
    cursor.execute(f"ANALYZE TABLE {', '.join(_ROWS)}")


def load(cursor: pymysql.cursors.Cursor) -> None:
    """Run the statements as an application would."""
    draw = random.Random(11)
    for turn in range(RUNS):
        member, book = draw.randrange(MEMBERS) + 1, draw.randrange(BOOKS) + 1
        for statement in (*_faults(turn, member, book), *_lookalikes(turn, member, book)):
            cursor.execute(statement)
            cursor.fetchall()
        _loop(cursor, turn)


def _faults(turn: int, member: int, book: int) -> Iterator[str]:
    day = f"'2026-02-0{turn + 1}'"
    yield f"SELECT id, lent_at FROM loans WHERE book_id = {book}"
    yield f"SELECT id, due_at FROM loans WHERE member_id = {member} AND lent_at > {day}"
    yield f"SELECT id, due_at FROM loans WHERE desk = {turn} ORDER BY due_at DESC LIMIT 10"
    yield f"SELECT n.text FROM loans l JOIN notes n ON n.loan_id = l.id WHERE l.id = {book}"
    yield f"SELECT name FROM members WHERE card = {10_000 + member}"
    yield f"SELECT id, title FROM books WHERE DATE(added_at) = {day}"
    yield f"SELECT id, title FROM books WHERE title LIKE '%tale {book}'"
    yield f"SELECT id, title FROM books ORDER BY id LIMIT 10 OFFSET {6_000 + turn}"
    yield "SELECT id, title FROM books ORDER BY RAND() LIMIT 3"
    yield f"SELECT id FROM reviews WHERE book_id = {book} OR stars = 9"
    yield (
        "SELECT m.id, (SELECT COUNT(*) FROM notes n WHERE n.member_ref = m.id) FROM members m "
        f"WHERE m.id BETWEEN {turn} AND {turn + 12}"
    )
    yield f"SELECT * FROM books WHERE shelf = {turn}"
    yield f"SELECT id, member_id FROM loans WHERE id > {turn}"
    ids = ", ".join(str(each) for each in range(1, 900))
    yield f"SELECT pages FROM books WHERE id IN ({ids})"
    yield f"SELECT o.id FROM books b JOIN old_codes o ON o.isbn = b.isbn WHERE b.id = {book}"


def _lookalikes(turn: int, member: int, book: int) -> Iterator[str]:
    day = f"'2026-03-0{turn + 1}'"
    yield f"SELECT name FROM members WHERE email = 'm{member}@example.org'"
    yield f"SELECT card FROM members WHERE card = '{10_000 + member}'"
    yield f"SELECT value FROM settings WHERE kind = {turn % 3}"
    yield "SELECT value FROM settings ORDER BY RAND() LIMIT 1"
    yield f"SELECT id FROM books WHERE added_at BETWEEN {day} AND {day} + INTERVAL 9 HOUR"
    yield f"SELECT id FROM books WHERE title LIKE 'a tale {turn}%'"
    yield f"SELECT id, title FROM books WHERE author_id = {turn} OR author_id = {turn + 1}"
    yield "SELECT title FROM books ORDER BY id LIMIT 10 OFFSET 20"
    yield "SELECT active, COUNT(*) FROM members GROUP BY active"
    yield "SELECT COUNT(*) FROM members WHERE active = 1"
    yield f"SELECT * FROM members WHERE id = {member}"
    yield f"SELECT title FROM books WHERE id IN ({book}, {member}, 3)"
    yield "SELECT id FROM loans WHERE state = 'open' ORDER BY due_at LIMIT 5"
    yield (
        "SELECT a.name FROM authors a WHERE a.id = 5 AND EXISTS "
        "(SELECT 1 FROM books b WHERE b.author_id = a.id)"
    )
    yield f"SELECT stars FROM reviews WHERE member_id = {member} ORDER BY made_at DESC LIMIT 3"
    yield f"INSERT INTO audit (actor, what) VALUES ({member}, 'login')"
    yield f"UPDATE members SET active = 1 WHERE id = {member}"
    for each in range(30):
        yield f"SELECT shelf FROM books WHERE id = {book + each}"


def _loop(cursor: pymysql.cursors.Cursor, turn: int) -> None:
    """N+1: each author is asked for by itself."""
    cursor.execute(
        f"SELECT id, author_id FROM books WHERE added_at >= '2026-02-0{turn + 1}' LIMIT 20"
    )
    for _, author in cursor.fetchall():
        cursor.execute(f"SELECT name FROM authors WHERE id = {author}")
        cursor.fetchall()
