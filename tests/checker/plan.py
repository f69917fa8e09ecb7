"""What a crew is made of, and what its processes are told."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

GROUP = 8
"""Keys whose values also depend on one tag in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One crew.

    Attributes:
        folder: Where its database, board and sockets are: filled in by `crew`.
        cache_url: The cache's server, or a proxy in front of it: filled in by `crew`.
        keys: How many rows there are.
        readers: How many processes read, each second one with coroutines.
        threads: Threads of a reader, or coroutines.
        watch: Whether the readers watch how soon new versions are served, at a moderate pace.
        writers: How many processes write.
        pause: Seconds between two transactions of a writer.
        load: Seconds a loader takes after it has read its row.
        rollbacks: Share of the transactions that are rolled back after the cache was told.
        crashes: Share of the transactions whose writer dies between its commit and telling so.
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
    readers: int = 2
    threads: int = 2
    watch: bool = False
    writers: int = 2
    pause: float = 0.005
    load: float = 0.0
    rollbacks: float = 0.0
    crashes: float = 0.0
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
        return cls(**json.loads(text))

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
        return [f"reader-{number}" for number in range(self.readers)]

    def writer_names(self) -> list[str]:
        """The writers."""
        return [f"writer-{number}" for number in range(self.writers)]

    def by_name(self, key: int) -> bool:
        """Tell whether a key is invalidated by its name, after the commit."""
        return not self.guarded_only and key % 4 == 0

    def tags(self, key: int) -> tuple[str, ...]:
        """What the value under a key depends on."""
        return () if self.by_name(key) else (f"row:{key}", group_tag(key // GROUP))

    def members(self, group: int) -> list[int]:
        """The keys of a group."""
        keys = range(group * GROUP, min((group + 1) * GROUP, self.keys))
        return [key for key in keys if not self.by_name(key)]


def group_tag(group: int) -> str:
    """The tag that the values of a group have in common."""
    return f"group:{group}"
