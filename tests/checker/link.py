"""How the processes of a crew are asked: a socket each, a question and an answer at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

Handlers = Mapping[str, Callable[..., Any]]


class SilentError(Exception):
    """Nobody answered in time."""


def serve(path: str, handlers: Handlers) -> None:
    """Answer questions for ever, each caller in a thread of its own."""
    Path(path).unlink(missing_ok=True)
    with Listener(path, "AF_UNIX") as listener:
        while True:
            caller = listener.accept()
            threading.Thread(target=_answer, args=(caller, handlers), daemon=True).start()


def _answer(caller: Connection, handlers: Handlers) -> None:
    with caller:
        while True:
            try:
                name, arguments = caller.recv()
            except EOFError:
                return
            try:
                caller.send(handlers[name](*arguments))
            except Exception as error:  # noqa: BLE001 - it is the caller's to judge
                caller.send(error)


class Line:
    """Asks one process. Threads may share it, and take turns.

    Args:
        path: Where it listens, now or soon.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: Connection | None = None
        self._turn = threading.Lock()

    def ask(self, name: str, *arguments: Any, within: float = 30.0) -> Any:
        """Ask and return the answer.

        Raises:
            SilentError: There was no answer in time, because the process hangs or has ended.
            Exception: What it raised.
        """
        with self._turn:
            answer = self._ask(name, arguments, within)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _ask(self, name: str, arguments: tuple[Any, ...], within: float) -> Any:
        try:
            connection = self._connection or self._connect()
            connection.send((name, arguments))
            if not connection.poll(within):
                raise SilentError(f"{self._path} does not answer")
            return connection.recv()
        except (OSError, EOFError, SilentError) as error:
            # A late answer must not be taken for that to another question.
            self.close()
            raise SilentError(f"{self._path} does not answer") from error

    def is_there(self) -> bool:
        """Tell whether it can be asked."""
        try:
            self._connect()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Connection:
        self._connection = Client(self._path, "AF_UNIX")
        return self._connection
