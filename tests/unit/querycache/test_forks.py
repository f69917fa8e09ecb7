"""What a child process begins with that is forked while a thread of its parent is at work."""

from __future__ import annotations

import subprocess
import sys

FORK = """
import os
from unittest.mock import Mock
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.querycache.reading.hints import Hints
from dbsbm.querycache.refusals import Reason, Refusal, Refusals
hints, refusals = Hints(Mock(), Category.DB_QUERY), Refusals()
key = Key.of(Category.DB_QUERY, "a")
refusals.add(Refusal(Reason.FUNCTION, "a"))
hints.put(key, ("t:bets",))
hints._lock.acquire()  # as if another thread were at work at this moment
refusals._lock.acquire()
if os.fork() == 0:
    refusals.add(Refusal(Reason.INTO, "a"))
    print("child", hints.own(key), *refusals.counts().elements(), flush=True)
    os._exit(0)
os.wait()
hints._lock.release()
refusals._lock.release()
print("parent", hints.own(key), *refusals.counts().elements())
"""


def test_a_forked_child_inherits_no_lock_and_no_count() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK], check=True, capture_output=True, text=True, timeout=30
    )
    assert done.stdout.splitlines() == ["child None select into", "parent ('t:bets',) function"]
