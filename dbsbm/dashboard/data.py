"""The JSON that pages ask for."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from dbsbm.dashboard.access.guard import HELD
from dbsbm.dashboard.live import LiveNews
from dbsbm.dashboard.reading.health import health, unreachable
from dbsbm.dashboard.reading.shared import SharedReads
from dbsbm.dashboard.reading.span import DEFAULT_RANGE, Span
from dbsbm.dashboard.reading.tables import Query, Sources
from dbsbm.dashboard.views.charts import CHARTS
from dbsbm.dashboard.views.details import detail
from dbsbm.dashboard.views.sections import SECTIONS
from dbsbm.dashboard.views.tables import TABLES
from dbsbm.errors import TransientError, UserError

# A page that asks for more than this with one request is none of ours.
_MOST_LABELS = 4
_LONGEST_LABEL = 190
_READ_WITHIN = 20.0
_HEARTBEAT = 15.0
_MOST_STREAMS = 64


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are read.

    Attributes:
        live: Seconds between two looks at the fleet's health while a page is open.
        fresh: Factor on how long an answer is given again; 0 reads for every request.
    """

    live: float = 5.0
    fresh: float = 1.0


class Data:
    """Answers the page's requests for numbers. Blocking reads run in threads, shared by pages.

    Args:
        sources: What is read.
        pace: How often.
        threads: Reads at a time.
    """

    def __init__(self, sources: Sources, pace: Pace, threads: int) -> None:
        self._sources = sources
        self._pace = pace
        self._reads: SharedReads[str] = SharedReads(threads)
        self.news = LiveNews(
            self._health, lambda error: _json(unreachable(error)), period=pace.live
        )

    async def health(self, _request: web.Request) -> web.Response:
        """GET /data/health."""
        try:
            text = await self._health()
        except TransientError as error:
            text = _json(unreachable(error))
        return _answer(_stamped(text))

    async def view(self, request: web.Request) -> web.Response:
        """GET /data/view/SECTION[/NAME...]: what a page is made of."""
        # As it was sent: a slash within a name is escaped, and is no step of the path.
        path = request.rel_url.raw_path.removeprefix("/data/view/")
        section, *names = [unquote(name) for name in path.split("/")]
        if not names:
            if section not in SECTIONS:
                raise UserError("There is no such page: choose a section above.")
            return _answer(_json(SECTIONS[section].view()))
        span = self._span(request)
        return await self._read(
            ("view", path, span.name),
            span.fresh_for,
            lambda: detail(self._sources, span, section, names),
        )

    async def chart(self, request: web.Request) -> web.Response:
        """GET /data/chart/ID?range=&where.LABEL=."""
        chart = CHARTS.get(request.match_info["id"])
        if chart is None:
            raise UserError("There is no such chart.")
        query = self._query(request)
        return await self._read(
            ("chart", chart.id, query.span.name, tuple(query.where.items())),
            query.span.fresh_for,
            lambda: chart.draw(self._sources.history, query.span, query.where),
        )

    async def table(self, request: web.Request) -> web.Response:
        """GET /data/table/ID?range=&where.LABEL=."""
        table = TABLES.get(request.match_info["id"])
        if table is None:
            raise UserError("There is no such table.")
        query = self._query(request)
        return await self._read(
            ("table", table.id, query.span.name, tuple(query.where.items())),
            query.span.fresh_for,
            lambda: table.fill(self._sources, query),
        )

    async def live(self, request: web.Request) -> web.StreamResponse:
        """GET /data/live: the fleet's health as server-sent events, whenever it changes."""
        if self.news.listeners >= _MOST_STREAMS:
            raise web.HTTPServiceUnavailable(text="Too many pages are open.")
        stream = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        )
        news = _until(request[HELD].expires, self.news.listen(_HEARTBEAT))
        # Closed at once where the page has gone: the reader must not go on for nobody.
        async with contextlib.aclosing(news):
            with contextlib.suppress(ConnectionResetError):
                await stream.prepare(request)
                await stream.write(b"retry: 3000\n\n")
                async for event in news:
                    await stream.write(_event(event))
        return stream

    def forget(self) -> None:
        """Answer from now on with what is read from now on: somebody changed something."""
        self._reads.forget()

    async def close(self) -> None:
        """End the reads; the streams of `news` have ended by then."""
        self._reads.close()

    async def _health(self) -> str:
        # Shorter than the period, so that each turn of the live news reads anew.
        fresh = min(2.0, self._pace.live / 2) * self._pace.fresh
        async with asyncio.timeout(_READ_WITHIN):
            return await self._reads.get("health", fresh, lambda: _json(health(self._sources)))

    async def _read(
        self, key: object, fresh_for: float, read: Callable[[], Mapping[str, Any]]
    ) -> web.Response:
        async with asyncio.timeout(_READ_WITHIN):
            fresh = fresh_for * self._pace.fresh
            return _answer(await self._reads.get(key, fresh, lambda: _json(read())))

    def _query(self, request: web.Request) -> Query:
        where = {
            name.removeprefix("where."): value
            for name, value in sorted(request.query.items())
            if name.startswith("where.")
        }
        if len(where) > _MOST_LABELS or any(len(v) > _LONGEST_LABEL for v in where.values()):
            raise UserError("These labels cannot be asked for.")
        return Query(self._span(request), where)

    def _span(self, request: web.Request) -> Span:
        return Span.ending(datetime.now(UTC), request.query.get("range", DEFAULT_RANGE))


async def _until(
    expires: float, events: AsyncGenerator[str | None, None]
) -> AsyncGenerator[str | None, None]:
    """The events of a stream, until its session ends."""
    async with contextlib.aclosing(events):
        async for event in events:
            if time.time() >= expires:
                return
            yield event


def _event(text: str | None) -> bytes:
    """A server-sent event; without a text, a comment that keeps the connection open."""
    return b":\n\n" if text is None else f"event: health\ndata: {_stamped(text)}\n\n".encode()


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _stamped(text: str) -> str:
    """With the server's clock, so that ages do not depend on the browser's."""
    return f'{{"now":{time.time():.1f},"health":{text}}}'


def _answer(text: str) -> web.Response:
    response = web.Response(text=text, content_type="application/json")
    response.enable_compression()
    return response
