"""A picture of a process's memory on request: what grew while it watched, and what there is.

The request is a file, named for the process, which the recorder's thread looks for; the answer is
a file beside it. Until somebody asks this costs one look at a folder every two seconds. Tracing
allocations slows the process down to about half, so it ends by itself, whoever asked.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tracemalloc
from collections import Counter
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

from dbsbm.monitor.counting.recorder import Recorder

LONGEST_SECONDS = 600.0
MOST_LINES = 25
_FRAMES = 1


def request_file(data_dir: Path, pid: int) -> Path:
    """Where a process is asked for a picture: a JSON object with `seconds`."""
    return data_dir / "run" / "memory" / f"{pid}.request"


def answer_file(data_dir: Path, pid: int) -> Path:
    """Where it answers."""
    return data_dir / "run" / "memory" / f"{pid}.json"


def watch_memory(recorder: Recorder, data_dir: Path) -> None:
    """Have this process answer requests for a picture of its memory.

    Args:
        recorder: Its thread looks for requests; one that is off attaches nothing.
        data_dir: The fleet's folder on this machine.
    """
    if recorder.enabled:
        recorder.add_source(_Photographer(data_dir).look)


class _Photographer:
    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._until: float | None = None

    def look(self) -> None:
        """Take a request up, or answer it when its time is over."""
        if self._until is None:
            self._take_up(request_file(self._data_dir, os.getpid()))
        elif monotonic() >= self._until:
            self._until = None
            _write(answer_file(self._data_dir, os.getpid()), _picture())

    def _take_up(self, request: Path) -> None:
        try:
            wanted = json.loads(request.read_text())
        except (FileNotFoundError, ValueError):
            return
        request.unlink(missing_ok=True)
        if not tracemalloc.is_tracing():
            tracemalloc.start(_FRAMES)
        self._until = monotonic() + min(LONGEST_SECONDS, max(0.0, float(wanted["seconds"])))


def _picture() -> dict[str, Any]:
    """Ends the tracing."""
    traced, peak = tracemalloc.get_traced_memory()
    snapshot = tracemalloc.take_snapshot()
    tracemalloc.stop()
    grown = snapshot.filter_traces([tracemalloc.Filter(False, tracemalloc.__file__)])
    return {
        "pid": os.getpid(),
        "grown_bytes": traced,
        "peak_bytes": peak,
        "grown": [_line(each) for each in grown.statistics("lineno")[:MOST_LINES]],
        "objects": _census(),
    }


def _line(statistic: tracemalloc.Statistic) -> dict[str, Any]:
    frame = statistic.traceback[0]
    return {
        "file": frame.filename,
        "line": frame.lineno,
        "bytes": statistic.size,
        "blocks": statistic.count,
    }


def _census() -> list[dict[str, Any]]:
    """The kinds of objects that take most room by themselves, without what they refer to."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for each in gc.get_objects():
        name = type(each).__qualname__
        counts[name] += 1
        with suppress(Exception):  # an object may be half made, and its class may be anybody's
            sizes[name] += sys.getsizeof(each)
    return [
        {"type": name, "count": counts[name], "bytes": size}
        for name, size in sizes.most_common(MOST_LINES)
    ]


def _write(path: Path, picture: dict[str, Any]) -> None:
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(picture, indent=2))
    draft.replace(path)


def _stop_tracing() -> None:
    # A child that is forked while its parent is watched is not: nobody would end it.
    if tracemalloc.is_tracing():
        tracemalloc.stop()


os.register_at_fork(after_in_child=_stop_tracing)
