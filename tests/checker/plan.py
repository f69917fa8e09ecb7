"""What a crew is made of, and what its processes are told."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

GROUP = 4
"""Keys whose values also depend on one tag in common."""

_FOCUS_NS = 250_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One crew.

    Attributes:
        folder: Where its database, board and sockets are: filled in by `crew`.
        cache_url: The cache's server, or a proxy in front of it: filled in by `crew`.
        keys: How many rows there are, a multiple of `GROUP`.
        readers: The processes that read: with `threads`, with `coroutines`, or as a `watcher`,
            which tells how soon new versions are served.
        threads: Threads of a reader, or coroutines.
        writers: How many processes write.
        read_back: Whether a writer reads each row that it wrote.
        pause: Seconds between two transactions of a writer.
        load: Seconds a loader takes after it has read its row.
        rollbacks: Share of the transactions that are rolled back after the cache was told.
        crash: A writer dies between its so-many-th commit and telling so; 0 for never.
        guard_ms: How long the guard of a writer that died keeps values from being stored.
        guarded_only: Whether every write is guarded; else some keys are invalidated by name after
            the commit, which says nothing of a writer that dies in between.
        deaf: Whether the readers' caches never hear of writes, to see the checker find that out.
        patience: Seconds after the last write until what is still wrong counts as wrong for good.
        bound: Seconds after which a value that is older than the truth counts as late.
    """

    folder: str = ""
    cache_url: str = ""
    keys: int = 64
    readers: tuple[str, ...] = ("threads", "coroutines")
    threads: int = 2
    writers: int = 2
    read_back: bool = True
    pause: float = 0.005
    load: float = 0.0
    rollbacks: float = 0.0
    crash: int = 0
    guard_ms: int = 1000
    guarded_only: bool = False
    deaf: bool = False
    patience: float = 10.0
    bound: float = 1.0

    def text(self) -> str:
        """Return the plan as a process of the crew takes it."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` wrote."""
        written = json.loads(text)
        return cls(**written | {"readers": tuple(written["readers"])})

    @property
    def database(self) -> Path:
        """The file with the truth."""
        return Path(self.folder) / "truth.db"

    @property
    def board(self) -> Path:
        """The file on which writers note what they committed."""
        return Path(self.folder) / "board"

    def socket(self, name: str) -> str:
        """Where a process of the crew is asked."""
        return str(Path(self.folder) / f"{name}.sock")

    def reader_names(self) -> list[str]:
        """The readers."""
        return [f"reader-{number}" for number in range(len(self.readers))]

    def writer_names(self) -> list[str]:
        """The writers."""
        return [f"writer-{number}" for number in range(self.writers)]

    def focus(self, moment: int) -> range:
        """Return the keys that are written at a moment, by `time.monotonic_ns`: a group at a time.

        So what went wrong with a key is not put right by its next write, but stays for seconds in
        which nobody writes it, and is seen.
        """
        group = moment // _FOCUS_NS % (self.keys // GROUP)
        return range(group * GROUP, (group + 1) * GROUP)

    def by_name(self, key: int) -> bool:
        """Tell whether a key is invalidated by its name, after the commit."""
        return not self.guarded_only and key % 4 == 0

    def tags(self, key: int) -> tuple[str, ...]:
        """What the value under a key depends on."""
        return () if self.by_name(key) else (f"row:{key}", group_tag(key // GROUP))

    def members(self, group: int) -> list[int]:
        """The keys of a group that depend on its tag."""
        keys = range(group * GROUP, (group + 1) * GROUP)
        return [key for key in keys if not self.by_name(key)]


def group_tag(group: int) -> str:
    """The tag that the values of a group have in common."""
    return f"group:{group}"
