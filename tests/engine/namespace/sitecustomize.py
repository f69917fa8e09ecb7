"""For a program run inside a local container: psutil sees the container's processes alone.

A container has a process namespace of its own; a local one is the tree below its main process.
Python imports this module at its start when its directory is on the path.
"""

import os
from collections.abc import Iterator

import psutil

MAIN_PROCESS = "LOCAL_ENGINE_MAIN_PROCESS"


def _process_iter(attrs: list[str] | None = None) -> Iterator[psutil.Process]:
    main = psutil.Process(int(os.environ[MAIN_PROCESS]))
    for process in (main, *main.children(recursive=True)):
        try:
            process.info = process.as_dict(attrs)
        except psutil.NoSuchProcess:
            continue
        yield process


psutil.process_iter = _process_iter
