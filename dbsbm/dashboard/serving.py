"""Runs the dashboard until it is told to stop."""

from __future__ import annotations

import gc
import logging

from aiohttp import web

from dbsbm.dashboard.app import Access, make_app
from dbsbm.dashboard.metrics import metrics_page
from dbsbm.dashboard.reading.tables import Sources
from dbsbm.db.engine import Database
from dbsbm.errors import ConfigError
from dbsbm.monitor.exposition import Exposition
from dbsbm.monitor.store.history import History
from dbsbm.settings import Settings

log = logging.getLogger(__name__)

_THREADS = 4
# Browsers keep live streams open: they are ended, not waited for.
_STOP_WITHIN = 2.0


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigError: DASHBOARD_PASSWORD is missing, or the address cannot be listened on.
    """
    if settings.dashboard_password is None:
        raise ConfigError("DASHBOARD_PASSWORD is missing: the dashboard is not shown without one.")
    access = Access(settings.dashboard_user, settings.dashboard_password, settings.secret_key)
    database = Database(settings.database, pool_size=_THREADS, max_overflow=_THREADS)
    app = make_app(access, Sources(History(database), database), threads=_THREADS)
    app.router.add_get("/metrics", metrics_page(Exposition(database), settings.metrics_token))
    place = f"http://{settings.dashboard_address}:{settings.dashboard_port}"
    # A full collection looks at what a chart left behind, and not for 0.1 s at every module.
    gc.freeze()
    log.info("The dashboard is at %s.", place, extra={"action": "dashboard.started"})
    try:
        web.run_app(
            app,
            host=settings.dashboard_address,
            port=settings.dashboard_port,
            print=None,
            access_log=None,  # it would hold what operators look at, and nothing reads it
            shutdown_timeout=_STOP_WITHIN,
            handler_cancellation=True,  # a page that was closed is not written to any more
        )
    except OSError as error:
        raise ConfigError(
            f"The dashboard cannot listen at {place}: {error.strerror}. "
            "Set DASHBOARD_PORT to a free port."
        ) from error
    finally:
        database.dispose()
