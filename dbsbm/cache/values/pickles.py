"""Pickle for the few classes that the typed codec cannot write: off unless it is asked for.

A pickle is a program. This one is only ever run if our own key has signed it for just the name that
it is stored under, and if a rehearsal, which makes nothing, shows that it calls no more than the
listed classes.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable, Iterable
from typing import Any, Final

from dbsbm.cache.values.encode_errors import EncodeError, type_name
from dbsbm.errors import ConfigError

PROTOCOL: Final = 5

_KIB: Final = 1024


class PickleAllowance:
    """The classes whose instances may be pickled.

    They must be inert: making one, setting its state or adding items to it must do nothing but
    hold data, whatever the arguments. A class that opens files, runs commands, or registers itself
    somewhere must never be listed. Every class that a pickle names has to be listed, also those of
    its parts such as Decimal; a subclass of a listed class is not listed.

    Args:
        classes: Importable by their module and name.
        max_bytes: Largest pickle.

    Raises:
        ConfigError: One is no class that a pickle could name, or makes classes itself.
    """

    def __init__(self, classes: Iterable[type], *, max_bytes: int = 256 * _KIB) -> None:
        self.max_bytes = max_bytes
        self._allowed = frozenset(map(_inert, classes))
        self._classes = {(kind.__module__, kind.__qualname__): kind for kind in self._allowed}

    def dump(self, value: object) -> bytes:
        """Pickle a value.

        Raises:
            EncodeError: It holds an instance of another class, contains itself, or is too large.
        """
        buffer = io.BytesIO()
        try:
            _Pickler(buffer, self._allowed).dump(value)
            self._rehearse(buffer.getvalue())
        except EncodeError:
            raise
        except Exception as error:
            raise EncodeError(f"a {type_name(value)} as a pickle ({error})") from error
        return buffer.getvalue()

    def load(self, data: bytes) -> Any:
        """Read a pickle whose signature was found to be ours.

        Raises:
            Exception: It does what no pickle of `dump` does, or is damaged.
        """
        self._rehearse(data)
        return _Unpickler(io.BytesIO(data), self._classes).load()

    def _rehearse(self, data: bytes) -> None:
        if len(data) > self.max_bytes:
            raise pickle.UnpicklingError(f"more than {self.max_bytes} bytes")
        _Rehearsal(data).run()


class _Pickler(pickle.Pickler):
    """Refuses what is not listed; asked about all but the plain types."""

    def __init__(self, buffer: io.BytesIO, allowed: frozenset[type]) -> None:
        super().__init__(buffer, PROTOCOL)
        self._allowed = allowed

    def reducer_override(self, obj: Any) -> Any:
        """Leave instances of listed classes, and these classes, to pickle's own ways."""
        if type(obj) in self._allowed or (isinstance(obj, type) and obj in self._allowed):
            return NotImplemented
        raise EncodeError(f"a {type_name(obj)}", "its class is not among those listed for pickle")


class _Unpickler(pickle.Unpickler):
    """Finds the listed classes by their exact names, and nothing else."""

    def __init__(self, buffer: io.BytesIO, classes: dict[tuple[str, str], type]) -> None:
        super().__init__(buffer)
        self._classes = classes

    def find_class(self, module: str, name: str) -> type:
        """Return a listed class."""
        try:
            return self._classes[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not listed") from None


_CLASS, _DATA, _MARK = "class", "data", "mark"

_CALLS: Final = frozenset({"REDUCE", "NEWOBJ", "NEWOBJ_EX"})

# All that protocol 5 writes for data and instances. What is missing names globals by a line of
# text or a registry, refers to objects outside, allocates before it reads, or picks its memo's
# places, which then can be anywhere in memory.
_PLAIN: Final = frozenset(
    {
        *("FRAME", "STOP", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2"),
        *("LONG1", "LONG4", "BINFLOAT", "SHORT_BINUNICODE", "BINUNICODE", "SHORT_BINBYTES"),
        *("BINBYTES", "EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "TUPLE", "EMPTY_LIST"),
        *("APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS", "EMPTY_SET", "ADDITEMS"),
        *("FROZENSET", "BUILD"),
    }
)


class _Rehearsal:
    """Runs a pickle with nothing but the kinds of things on its stack.

    Classes may be called and remembered. They are no data: nothing may be stored in them, and
    nothing else may be called.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._stack: list[str] = []
        self._memo: list[str] = []

    def run(self) -> None:
        """Raise an error unless the pickle is one of `dump`'s kind."""
        if self._data[:2] != pickle.PROTO + bytes([PROTOCOL]):
            raise pickle.UnpicklingError("another protocol")
        end = -1
        for opcode, argument, place in pickletools.genops(self._data[2:]):
            self._step(opcode, argument)
            end = place or 0
        if self._stack or end != len(self._data) - 3:
            raise pickle.UnpicklingError("something is left over")

    def _step(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        special = self._special.get(opcode.name)
        if special is not None:
            special(self, argument)
        elif opcode.name in _CALLS:
            self._take(len(opcode.stack_before) - 1)
            self._expect(_CLASS)
            self._stack.append(_DATA)
        elif opcode.name in _PLAIN:
            self._take_and_make(opcode)
        else:
            raise pickle.UnpicklingError(f"{opcode.name} is not allowed")

    def _take_and_make(self, opcode: pickletools.OpcodeInfo) -> None:
        before = opcode.stack_before
        if pickletools.markobject in before:
            while self._stack[-1] != _MARK:
                self._expect(_DATA)
            self._expect(_MARK)
            before = before[: before.index(pickletools.markobject)]
        self._take(len(before))
        self._stack += [_DATA] * len(opcode.stack_after)

    def _take(self, count: int) -> None:
        for _ in range(count):
            self._expect(_DATA)

    def _expect(self, kind: str) -> None:
        if self._stack.pop() != kind:
            raise pickle.UnpicklingError(f"there is no {kind} where it belongs")

    def _mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def _memoize(self, _: Any) -> None:
        if self._stack[-1] == _MARK:
            raise pickle.UnpicklingError("a mark cannot be remembered")
        self._memo.append(self._stack[-1])

    def _recall(self, place: int) -> None:
        self._stack.append(self._memo[place])

    def _find(self, _: Any) -> None:
        self._take(2)
        self._stack.append(_CLASS)

    _special: Final[dict[str, Callable[[_Rehearsal, Any], None]]] = {
        "MARK": _mark,
        "MEMOIZE": _memoize,
        "BINGET": _recall,
        "LONG_BINGET": _recall,
        "STACK_GLOBAL": _find,
    }


def _inert(kind: type) -> type:
    """Return a class that may be listed, as far as that can be told from outside."""
    if not isinstance(kind, type) or issubclass(kind, type):
        raise ConfigError(f"{kind!r} is no class whose instances are data: it cannot be pickled")
    if "<" in kind.__qualname__:
        raise ConfigError(f"{kind!r} is made inside a function: no other process can find it")
    return kind
