"""`python -m tests.checker NAME PLAN`: one process of a crew."""

from __future__ import annotations

import sys

from tests.checker.clock import WallClock


def main(name: str, text: str) -> None:
    """Do this process's part until it is killed."""
    clock = WallClock()  # before anything of ours can take hold of the real one
    from dbsbm.cache.opening import open_cache
    from tests.checker.link import serve
    from tests.checker.plan import Plan

    plan = Plan.parse(text)
    role, _, number = name.partition("-")
    cache = open_cache(plan.cache_url)
    kind = plan.readers[int(number)] if role == "reader" else role
    if kind == "watcher":
        from tests.checker.watcher import Watcher

        handlers = Watcher(plan, name, cache).handlers
    elif kind == "coroutines":
        from dbsbm.cache.opening import open_async_cache
        from tests.checker.async_reader import AsyncReader

        handlers = AsyncReader(plan, name, open_async_cache(plan.cache_url), clock).handlers
    elif kind == "threads":
        from tests.checker.deaf import DeafCache
        from tests.checker.reader import Reader

        read_through = DeafCache(cache) if plan.deaf else cache
        handlers = Reader(plan, name, read_through, clock).handlers
    elif kind == "writer":
        from tests.checker.writer import Writer

        handlers = Writer(plan, int(number), cache).handlers
    else:
        from tests.checker.judge import Judge

        handlers = Judge(plan, cache).handlers
    serve(plan.socket(name), handlers)


if __name__ == "__main__":
    main(*sys.argv[1:])
