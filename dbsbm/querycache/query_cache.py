"""The query cache: answers of the database, remembered until they become wrong.

A cached query in three lines:

    query_cache = QueryCache(cache, Base.metadata)
    query_cache.attach(engine); query_cache.attach_session(Sessions)
    session.scalars(select(Bet).where(Bet.guild_id == 7), execution_options={"cache": True}).all()

A cached function in three:

    @query_cache.cached(Category.USER_DATA)
    def record(session: Session, guild_id: int, user_id: int) -> list[Row]:
        return session.execute(select(...).where(...)).all()

Every write that goes through an attached engine, by whatever API, invalidates what depends on it
when it is committed. A query that cannot be cached without the risk of a wrong answer is executed
as if nobody had asked; `refusals` counts why, and `explain` tells of one query.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import (
    Connection,
    CursorResult,
    Dialect,
    Engine,
    Executable,
    MetaData,
    Result,
    Table,
    event,
)
from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.orm import ORMExecuteState, Session

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.querycache.explaining import (
    Explained,
    Explanation,
    explained,
    explainer,
    is_explained,
)
from dbsbm.querycache.observing import Observer
from dbsbm.querycache.reading.cached import CachedFunction, Means
from dbsbm.querycache.reading.hints import Hints
from dbsbm.querycache.reading.options import OPTION, CacheFor, wish
from dbsbm.querycache.reading.plans import Planner
from dbsbm.querycache.reading.queries import Asked, Queries
from dbsbm.querycache.reading.replay import READER, Reader, ReplayEngine, replay_engine
from dbsbm.querycache.reading.sessions import (
    SessionTarget,
    bind_of,
    connects,
    refuse_options,
    refuse_session,
    refuse_way,
    track_connections,
    untrack_connections,
)
from dbsbm.querycache.reading.standing import refuse_isolated
from dbsbm.querycache.reading.views import Views
from dbsbm.querycache.refusals import Reason, Refusal, Refusals
from dbsbm.querycache.tags import GLOBAL_TAG
from dbsbm.querycache.writing.transactions import Transactions

P = ParamSpec("P")
T = TypeVar("T")

_TRANSLATE: Final = "schema_translate_map"


class QueryCache:
    """Caches queries and functions that query. Threads may share it.

    Attributes:
        functions: The functions that it caches, by name.

    Args:
        cache: Keeps the answers.
        metadata: The tables that queries read.
        category: What kind of value an answer is, where its asker says nothing.
        pure: Functions of the database, stored ones for example, whose results their arguments
            decide, and which write nothing: queries that call others which are not known here are
            not cached, and may change everything.
        also: What triggers change: by table, the tables that a write to it changes too.
        ledger: The table for what the cache's server could not be told of; see
            `dbsbm.querycache.writing.ledger`.
        unwatched: Names of tables whose writes are told to nobody, which spares each of their
            transactions two calls of the server: queries that read them are not cached.
    """

    def __init__(
        self,
        cache: Cache,
        metadata: MetaData,
        *,
        category: Category = Category.DB_QUERY,
        pure: Collection[str] = (),
        also: Mapping[str, Sequence[str]] | None = None,
        ledger: Table | None = None,
        unwatched: Collection[str] = (),
    ) -> None:
        also_pure = frozenset(name.upper() for name in pure)
        self._cache, self._category = cache, category
        self._transactions = Transactions(
            cache, metadata, also=also, pure=also_pure, ledger=ledger, unwatched=unwatched
        )
        ignored = self._transactions.unwatched
        planner = Planner(metadata, also_pure, ignored)
        views = Views(cache, category, also_pure, ignored, planner.tables)
        self._queries = Queries(cache, planner, views, category)
        self._observer = Observer(self._queries)
        self._refusals = Refusals()
        self._replays: dict[Dialect, ReplayEngine] = {}
        self.functions: dict[str, CachedFunction[..., Any]] = {}
        self._means = Means(cache, Hints(cache, category), self._admit, self._refusals.add)

    # What is watched

    def attach(self, engine: Engine) -> None:
        """Watch the writes of an engine, and let its queries be cached.

        Raises:
            ConfigError: Its dialect is not understood.
        """
        self._transactions.attach(engine)
        self._observer.attach(engine)
        self._replays[engine.dialect] = replay_engine(engine)

    def detach(self, engine: Engine) -> None:
        """Watch an engine no longer. Its writes then leave what is cached as it is."""
        self._replays.pop(engine.dialect, None)
        self._observer.detach(engine)
        self._transactions.detach(engine)

    def attach_session(self, target: SessionTarget) -> None:
        """Let the queries of sessions ask for the cache by the execution option `cache`.

        The option is True, a lifetime (`timedelta`) or a `CacheFor`. A transaction of a session
        that finds all in the cache takes no connection from the pool.

        Args:
            target: A sessionmaker, a class of sessions, or one session.
        """
        track_connections(target)
        event.listen(target, "do_orm_execute", self._on_execute)

    def detach_session(self, target: SessionTarget) -> None:
        """Let the queries of sessions go to the database again."""
        event.remove(target, "do_orm_execute", self._on_execute)
        untrack_connections(target)

    def changed(self, connection: Connection, *tables: str) -> None:
        """Say that the transaction on a connection changes tables in a way that is not seen."""
        self._transactions.changed(connection, *tables)

    def forget_all(self) -> bool:
        """Invalidate every answer, such as after the schema was changed from outside.

        Returns:
            True if the cache's server has confirmed it.
        """
        return self._cache.invalidate_tags(GLOBAL_TAG)

    # Asking

    def execute(
        self,
        connection: Connection,
        statement: Executable,
        parameters: Mapping[str, Any] | None = None,
        *,
        execution_options: Mapping[str, Any] | None = None,
    ) -> CursorResult[Any]:
        """Execute a query on a connection, from the cache where that is right.

        Args:
            connection: Of an attached engine.
            statement: The query.
            parameters: Its bound values.
            execution_options: As of `Connection.execute`; `cache` may say for how long.
        """
        given = dict(execution_options or {})
        try:
            options = {**statement.get_execution_options(), **given}
            return self._on_connection(connection, statement, parameters, options)
        except Refusal as refusal:
            self._refusals.add(refusal)
            return connection.execute(statement, parameters, execution_options=given)

    def cached(
        self,
        category: Category | None = None,
        *,
        ttl: timedelta | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[Concatenate[Any, P], T]], CachedFunction[P, T]]:
        """Keep the results of a function that queries, until something that it read has changed.

        The function's first parameter is a session or a connection; by its other arguments, of
        types that `dbsbm.cache.keys.Key.of` can write, results are told apart.

        Args:
            category: What kind of value its results are.
            ttl: How long a result may live, where that is shorter than its category's lifetime.
            name: What its results are called; by default its module and name. Change it where
                results of an earlier release would be taken for its own.

        Raises:
            ValueError: Another function of this query cache has this name.
        """

        def decorate(function: Callable[Concatenate[Any, P], T]) -> CachedFunction[P, T]:
            kind = category or self._category
            cached = CachedFunction(function, self._means, kind, ttl, name)
            if cached.name in self.functions:
                raise ValueError(
                    f"two cached functions are called {cached.name}: give one of them another "
                    "`name`, or they would read each other's results"
                )
            self.functions[cached.name] = cached
            return cached

        return decorate

    def refusals(self) -> Counter[Reason]:
        """Return how many queries and calls were not cached, by the reason."""
        return self._refusals.counts()

    def explain(
        self,
        asker: Session | Connection,
        statement: Executable,
        parameters: Mapping[str, Any] | None = None,
    ) -> Explanation:
        """Tell what the cache would do with a query, here and now. It is not executed.

        Args:
            asker: An attached session, or a connection.
            statement: The query.
            parameters: Its bound values.
        """

        def execute(options: dict[str, Any]) -> object:
            if isinstance(asker, Connection):
                return self._on_connection(asker, statement, parameters, options)
            return asker.execute(statement, parameters, execution_options=options)

        return explained(execute)

    # How it is done

    def _on_execute(self, state: ORMExecuteState) -> Result[Any] | None:
        wanted = wish(state.execution_options.get(OPTION))
        if wanted is None:
            return None
        try:
            return self._on_session(state, wanted)
        except Refusal as refusal:
            if is_explained(state.execution_options):
                raise Explained(Explanation(refusal=refusal)) from None
            self._refusals.add(refusal)
            return None

    def _on_session(self, state: ORMExecuteState, wanted: CacheFor) -> Result[Any]:
        session, arguments = state.session, dict(state.bind_arguments)
        engine, connection = bind_of(session, arguments)
        refuse_way(state)
        refuse_session(session)
        replay = self._replay(engine, connection)
        asked = Asked(engine, connects(session, arguments), wanted)
        options = self._options(asked, connection, state.execution_options)
        return state.invoke_statement(bind_arguments={"bind": replay}, execution_options=options)

    def _on_connection(
        self,
        connection: Connection,
        statement: Executable,
        parameters: Mapping[str, Any] | None,
        options: Mapping[str, Any],
    ) -> CursorResult[Any]:
        refuse_options(options)
        if parameters is not None and not isinstance(parameters, Mapping):
            raise Refusal(Reason.NOT_A_SELECT, "a query has one set of parameters")
        engine = connection.engine
        replay = self._replay(engine, connection)
        asked = Asked(engine, lambda: connection, wish(options.get(OPTION)) or CacheFor())
        with replay.connect() as replaying:
            return replaying.execute(
                statement,
                parameters,
                execution_options={**options, **self._options(asked, connection, options)},
            )

    def _options(
        self, asked: Asked, connection: Connection | None, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the options of an execution that asks the cache instead of the database."""
        around = (connection or asked.engine).get_execution_options()
        inherited = {_TRANSLATE: around[_TRANSLATE]} if _TRANSLATE in around else {}
        reader = self._reader(asked)
        if is_explained(given):
            reader = explainer(self._queries, asked)
        return {**({} if _TRANSLATE in given else inherited), READER: reader}

    def _reader(self, asked: Asked) -> Reader:
        return partial(self._queries.answer, asked)

    def _replay(self, engine: Engine, connection: Connection | None) -> ReplayEngine:
        """Return the engine that asks the cache, where a transaction may use it."""
        replay = self._replays.get(engine.dialect)
        if replay is None:
            raise Refusal(Reason.NOT_ATTACHED, "nobody tells of the writes of its engine")
        refuse_isolated(engine, connection)
        return replay

    def _admit(self, asker: Any) -> Engine:
        if isinstance(asker, Connection):
            self._replay(asker.engine, asker)
            return asker.engine
        if not isinstance(asker, Session):
            raise TypeError(
                "the first argument of a cached function must be a Session or a Connection, "
                f"not a {type(asker).__qualname__}"
            )
        try:
            engine, connection = bind_of(asker, {})
        except UnboundExecutionError:
            raise Refusal(Reason.NO_NAME, "the session has no bind for all its queries") from None
        refuse_session(asker)
        self._replay(engine, connection)
        return engine
