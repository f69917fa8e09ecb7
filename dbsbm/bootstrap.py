"""The one composition root: settings in, services out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import redis

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.opening import open_cache
from dbsbm.cache.operating.hotlog import HotLogger
from dbsbm.cache.operating.totals import StatsFlusher
from dbsbm.cache.server.connection import connect as connect_cache
from dbsbm.cache.values.signing import Keyring
from dbsbm.commands.standings import Standings
from dbsbm.db.engine import Database
from dbsbm.db.models import UNWATCHED, Base, CacheDebt
from dbsbm.delivery.daily_report import DailyReport
from dbsbm.delivery.deliver import Delivery
from dbsbm.delivery.incidents.message import Style
from dbsbm.delivery.incidents.telling import Telling
from dbsbm.delivery.incidents.webhook import Webhook
from dbsbm.delivery.posted import Posted
from dbsbm.delivery.rest import DiscordRest
from dbsbm.monitor.alerts.rulefile import load_rules
from dbsbm.monitor.alerts.watch import Alerts
from dbsbm.monitor.changes import describe
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.observers import both
from dbsbm.monitor.readings import queries
from dbsbm.monitor.readings.cache_counts import watch_cache
from dbsbm.monitor.readings.calls import call_observer
from dbsbm.monitor.readings.discord_calls import answer_observer, discord_observer
from dbsbm.monitor.readings.pool import timed_pool
from dbsbm.monitor.readings.tasks import TaskWatch
from dbsbm.monitor.report.overview import draw_overview
from dbsbm.monitor.store.history import History
from dbsbm.monitor.traces.discord import discord_spans
from dbsbm.monitor.traces.opening import open_tracing
from dbsbm.monitor.traces.providers import provider_spans
from dbsbm.monitor.traces.statements import trace_statements
from dbsbm.optimizer.learning.granting import LearnedLifetimes
from dbsbm.optimizer.repetition.watch import (
    CacheCalls,
    DiscordCalls,
    ProviderCalls,
    StatementCalls,
)
from dbsbm.providers.guard import Guard
from dbsbm.providers.leagues import check_leagues
from dbsbm.providers.registry import Registry, build_registry
from dbsbm.querycache import QueryCache
from dbsbm.settings import Settings
from dbsbm.slips.gallery import Gallery
from dbsbm.sports.board import Board
from dbsbm.sports.refresh import Refresher
from dbsbm.wire.broker import connect_broker
from dbsbm.wire.inbox import Inbox
from dbsbm.wire.seal import Sealer

if TYPE_CHECKING:
    from dbsbm.monitor.traces.tracing import Tracing

log = logging.getLogger(__name__)

T = TypeVar("T")
Send = Callable[[str, dict[str, Any], str | None], None]


class Services:
    """Everything a process needs, each made when it is first used, closed together.

    Build one in each process, after any fork.
    """

    def __init__(self, settings: Settings, send: Send) -> None:
        self.settings = settings
        self.send = send

    @cached_property
    def broker(self) -> redis.Redis:
        """The broker, for the inbox, canaries, counters and quotas. Tasks go through Celery."""
        return connect_broker(self.settings.broker)

    @cached_property
    def recorder(self) -> Recorder:
        """Where this process counts what it does."""
        return Recorder(self.broker, enabled=self.settings.enable_performance_monitoring)

    @cached_property
    def task_watch(self) -> TaskWatch:
        """Told of each task that has ended."""
        return TaskWatch(self.recorder)

    @cached_property
    def tracing(self) -> Tracing | None:
        """Spans for a collector; None where no collector is set."""
        return open_tracing(self.settings, "dbsbm-worker")

    @cached_property
    def database(self) -> Database:
        """The database. A commit's effects are sent, and the cache is told of its changes."""
        settings = self.settings
        database = Database(
            settings.database,
            pool_size=settings.db_pool_size,
            max_overflow=settings.db_max_overflow,
            pool_timeout=settings.db_pool_timeout,
            pool=timed_pool(self.recorder) if settings.enable_performance_monitoring else None,
            on_commit=self._send_effects,
        )
        if settings.enable_performance_monitoring:
            queries.attach(
                database.engine,
                self.recorder,
                settings.slow_query_seconds,
                self.broker,
                on_statement=StatementCalls(database.dialect),
            )
        if self.tracing is not None:
            trace_statements(database.engine, self.tracing)
        self.query_cache.attach(database.engine)
        for sessions in database.sessions:
            self.query_cache.attach_session(sessions)
        return database

    @cached_property
    def query_cache(self) -> QueryCache:
        """Answers of the database, forgotten as soon as a commit makes them wrong."""
        return QueryCache(
            self.cache,
            Base.metadata,
            ledger=Base.metadata.tables[CacheDebt.__tablename__],
            unwatched=[table.__tablename__ for table in UNWATCHED],
        )

    @cached_property
    def cache_client(self) -> redis.Redis:
        """The cache's server; it gives up within milliseconds."""
        return connect_cache(self.settings.cache)

    @cached_property
    def cache(self) -> Cache:
        """The cache, with copies in this process. Its thread starts when it is first used."""
        cache = open_cache(self.settings.cache, keyring=Keyring.of(self.settings.secret_key))
        watch_cache(cache.stats, self.recorder, cache.gauges)
        cache.learn_lifetimes(LearnedLifetimes(self._granted))
        if self.recorder.enabled:
            cache.watch_reads(CacheCalls())
        flusher = StatsFlusher(cache.stats, self.cache_client, gauges=cache.gauges)
        self.recorder.add_source(lambda: _ignore(flusher.flush()))
        if cache.hot is not None:
            hot_log = HotLogger(cache.hot, cache.stats, self.cache_client)
            self.recorder.add_source(lambda: _ignore(hot_log.flush()))
        return cache

    def _granted(self, category: Category, seconds: float) -> None:
        self.recorder.observe("cache.granted_ttl", seconds, category=category)

    @cached_property
    def alerts(self) -> Alerts:
        """Judges by the rules, the operator's own among them."""
        settings = self.settings
        return Alerts(
            self.database,
            History(self.database),
            load_rules(settings.alert_rules),
            runs_on=lambda: describe(settings),
        )

    @cached_property
    def inbox(self) -> Inbox:
        """Commands that are not handled yet."""
        return Inbox(self.broker)

    @cached_property
    def providers(self) -> Registry:
        """The sports data providers that the operator chose."""
        settings = self.settings
        return build_registry(
            settings.providers,
            guard=Guard(self.broker),
            espn_base_url=settings.espn_base_url,
            apisports_base_url=settings.apisports_base_url,
            apisports_key=settings.apisports_key,
            apisports_daily_limit=settings.apisports_daily_limit,
            on_call=both(
                both(call_observer(self.recorder), self._if_measured(ProviderCalls)),
                self._spans(provider_spans),
            ),
        )

    @cached_property
    def board(self) -> Board:
        """What members see of a league's games."""
        return Board(self.database, self.cache)

    @cached_property
    def refresher(self) -> Refresher:
        """Keeps games up to date."""
        return Refresher(
            self.database,
            self.cache,
            self.board,
            tuple(self.providers.values()),
            self.settings.leagues,
        )

    @cached_property
    def gallery(self) -> Gallery:
        """Pictures of bets."""
        return Gallery(
            self.database,
            self.cache,
            self.query_cache,
            cdn_url=self.settings.discord_cdn_url,
            sandbox=self.settings.sandbox_data,
        )

    @cached_property
    def standings(self) -> Standings:
        """How members have done."""
        return Standings(self.database, self.query_cache)

    @cached_property
    def discord(self) -> DiscordRest:
        """Discord's REST API: answers and incidents share its rate limits."""
        return DiscordRest(
            self.settings.discord_api_url,
            self.settings.discord_token,
            on_call=both(
                both(discord_observer(self.recorder), self._if_measured(DiscordCalls)),
                self._spans(discord_spans),
            ),
        )

    @cached_property
    def delivery(self) -> Delivery:
        """Answers in Discord."""
        settings = self.settings
        return Delivery(
            self.database,
            self.discord,
            Sealer(settings.secret_key),
            self.gallery.image,
            posted=Posted(self.broker),
            sandbox=settings.sandbox_data,
            performance_of=self._draw_performance,
            on_answered=answer_observer(self.recorder),
        )

    @cached_property
    def daily_report(self) -> DailyReport:
        """The report of the day in Discord."""
        return DailyReport(
            self.database,
            self.discord,
            posted=Posted(self.broker),
            channel_id=self.settings.alert_channel_id,
            performance_of=self._draw_performance,
        )

    @cached_property
    def telling(self) -> Telling:
        """Incidents in Discord."""
        return Telling(
            self.database,
            self.discord,
            posted=Posted(self.broker),
            channel_id=self.settings.alert_channel_id,
            style=self._incident_style,
            has_webhook=self.settings.alert_webhook_url is not None,
        )

    @cached_property
    def webhook(self) -> Webhook:
        """Incidents for whatever else listens."""
        settings = self.settings
        return Webhook(
            self.database,
            url=settings.alert_webhook_url,
            secret=settings.alert_webhook_secret,
            style=self._incident_style,
        )

    @property
    def _incident_style(self) -> Style:
        settings = self.settings
        return Style(settings.alert_page_role_id, settings.alert_handbook)

    def warm_up(self) -> None:
        """Open connections and load what is slow to load, before the first task needs it."""
        _ = self.gallery, self.delivery, self.refresher, self.inbox
        with self.database.read() as session:
            session.connection()
        self.broker.ping()

    def close(self) -> None:
        """Deliver the last counts and close every connection that was opened."""
        opened = self.__dict__
        if "recorder" in opened:
            self.recorder.close()
        if opened.get("tracing") is not None:
            opened["tracing"].close()
        if "cache" in opened:
            self.cache.close()
        if "cache_client" in opened:
            self.cache_client.close()
        for name in ("providers", "discord", "webhook"):
            if name in opened:
                opened[name].close()
        if "database" in opened:
            self.database.dispose()

    def _draw_performance(self, since: datetime, until: datetime) -> bytes:
        return draw_overview(History(self.database), since, until)

    def _spans(
        self, observer: Callable[[Tracing], Callable[[T], None]]
    ) -> Callable[[T], None] | None:
        return None if self.tracing is None else observer(self.tracing)

    def _if_measured(
        self, observer: Callable[[], Callable[[T], None]]
    ) -> Callable[[T], None] | None:
        return observer() if self.recorder.enabled else None

    def _send_effects(self, effects: list[tuple[int, str, str]]) -> None:
        """Send what a commit promised; what cannot be sent now is sent by the relay."""
        for effect_id, task, trace_id in effects:
            try:
                self.send(task, {"effect_id": effect_id}, trace_id)
            except Exception as error:  # noqa: BLE001 - kombu, redis and socket errors alike
                log.warning(
                    "Effect %d waits for the relay: %s.",
                    effect_id,
                    type(error).__name__,
                    extra={"action": "outbox.deferred", "effect_id": effect_id},
                )


def build(settings: Settings, send: Send) -> Services:
    """Compose the services. Opens no connection.

    Args:
        settings: What the operator set.
        send: Hands a task (name, arguments, trace id) to the broker; may raise where it is away.

    Raises:
        ConfigError: A setting makes no sense together with what the fleet knows.
    """
    check_leagues(settings.leagues)
    if settings.alert_rules is not None:
        load_rules(settings.alert_rules)
    return Services(settings, send)


def _ignore(_is_delivered: bool) -> None:
    """What was not delivered is delivered at the next flush."""
