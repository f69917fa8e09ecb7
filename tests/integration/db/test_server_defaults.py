"""What an operator's MySQL or MariaDB was set to before we came must not change what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url, select
from sqlalchemy.exc import DataError

from dbsbm.db.engine import Database
from dbsbm.db.migrate import upgrade
from dbsbm.db.models import Guild, League, Team
from tests.integration.db.rows import a_guild
from tests.servers import MariaDBServer

NAME = "始皇帝 👩\u200d🚀"


@pytest.fixture
def database(mariadb: MariaDBServer) -> Iterator[Database]:
    """A migrated database on a server that is not strict and whose default is latin1."""
    with mariadb.fresh_database() as url, mariadb.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE `{make_url(url).database}` CHARACTER SET latin1")
        cursor.execute("SET GLOBAL sql_mode = ''")
        upgrade(SecretStr(url))
        database = Database(SecretStr(url))
        yield database
        database.dispose()
        cursor.execute("SET GLOBAL sql_mode = DEFAULT")


def test_names_in_any_script_survive_on_a_latin1_server(database: Database) -> None:
    database.transact(lambda session: a_guild(session, name=NAME))
    with database.read() as session:
        assert session.scalars(select(Guild.name)).one() == NAME


def test_names_that_differ_are_different_keys(database: Database) -> None:
    keys = ("🐻", "🐼", "トウキョウ", "とうきょう")
    now = datetime.now(UTC)

    def write(session) -> None:
        session.add(League(key="j1", name="J1", sport="soccer", updated_at=now))
        session.flush()
        for key in keys:
            team = Team(league_key="j1", team_key=key, name=key, abbreviation="", updated_at=now)
            session.add(team)

    database.transact(write)
    with database.read() as session:
        assert set(session.scalars(select(Team.team_key))) == set(keys)


@pytest.mark.parametrize("values", [{"name": "x" * 101}, {"max_units": Decimal(10**9)}])
def test_what_does_not_fit_is_refused_and_not_cut(
    database: Database, values: dict[str, object]
) -> None:
    with pytest.raises(DataError):
        database.transact(lambda session: a_guild(session, **values))
