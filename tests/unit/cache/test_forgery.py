"""Whoever can write to the cache server: nothing they make, move or change is ever read."""

from __future__ import annotations

import builtins
import os
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache.categories import Policy
from dbsbm.cache.marks import READ
from dbsbm.cache.values import envelope
from dbsbm.cache.values.pickles import PickleAllowance
from dbsbm.cache.values.serializer import BYTES, COMPRESSED, PICKLE, TYPED, Serializer
from dbsbm.cache.values.signing import SIGNATURE, Keyring

WIRE = "dbsbm:v2:game_data:nfl:#42"
OTHER_KEY = "dbsbm:v2:game_data:nfl:#43"
OTHER_CATEGORY = "dbsbm:v2:user_data:nfl:#42"

CURRENT = (2, b"the operator's secret of this year")
OLDER = (1, b"the operator's secret of last year")
REMOVED = (3, b"the operator's secret that leaked")

VALUE = {"odds": "1.91", "teams": ["home", "away"] * 40, "stake": 100}
TAGS = {"t:games": b"stamp 01", "t:games:id=#42": b"stamp 02"}
OTHER_TAGS = {"t:games": b"stamp 01", "t:games:id=#43": b"stamp 02"}
TAGS_END = envelope.HEAD + len(envelope.write_tags(TAGS))
POLICY = Policy(ttl=timedelta(1), max_bytes=100_000, compress_over=None)
PACKED = Policy(ttl=timedelta(1), max_bytes=100_000, compress_over=100)
IMAGES = Policy(ttl=timedelta(1), max_bytes=100_000, compress_over=None, codec="bytes")

ran: list[object] = []


class Inert:
    def __init__(self, held: object = None) -> None:
        self.held = held

    def __call__(self) -> None:
        """Not what an inert class has: to show that it is not called either."""
        ran.append(self)


class Unlisted:
    def __init__(self, held: object = None) -> None:
        ran.append(held)


def run(command: object) -> object:
    ran.append(command)
    return command


KEYRING = Keyring(CURRENT, older=[OLDER])
ALLOWANCE = PickleAllowance([Inert])
OURS = Serializer(KEYRING, ALLOWANCE)
UNSIGNED = Serializer()


def sealed(
    value: object = VALUE,
    *,
    by: Serializer = OURS,
    wire: str = WIRE,
    policy: Policy = POLICY,
    tags: dict[str, bytes] = TAGS,
) -> bytes:
    return by.seal(wire, value, policy, lifetime_ms=60_000, expires_at_ms=10**12, tags=tags)


def changed(place: int, stored: bytes | None = None, to: int | None = None) -> bytes:
    """Return a sealed value with one byte that differs."""
    forged = bytearray(sealed() if stored is None else stored)
    before = forged[place]
    forged[place] = before ^ 1 if to is None else to
    assert forged[place] != before
    return bytes(forged)


def signed_by_us(form: int, payload: bytes, *, before: bytes = sealed()[:TAGS_END]) -> bytes:
    """Return what an attacker who had even our key could make: it must fail one step later."""
    content = before[:25] + bytes([form, CURRENT[0]]) + before[27:] + payload
    return content + KEYRING.sign(WIRE, content[1:])


def moved(source: bytes, cut: slice) -> bytes:
    """Return a sealed value in which a field is replaced by that of another."""
    forged = bytearray(sealed())
    assert forged[cut] != source[cut]
    forged[cut] = source[cut]
    return bytes(forged)


class Calling:
    """Pickles into a call of whatever it is given."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._call = function, arguments

    def __reduce__(self) -> Any:
        return self._call


def pickled(value: object, protocol: int = 5) -> bytes:
    return pickle.dumps(value, protocol)


def program(*steps: bytes) -> bytes:
    """Return a pickle written by hand, as no pickler writes it."""
    return pickle.PROTO + b"\x05" + b"".join(steps) + pickle.STOP


def text(word: str) -> bytes:
    return pickle.SHORT_BINUNICODE + bytes([len(word)]) + word.encode()


def found(kind: Any) -> bytes:
    return text(kind.__module__) + text(kind.__qualname__) + pickle.STACK_GLOBAL


INERT = found(Inert)
MADE = INERT + pickle.EMPTY_TUPLE + pickle.NEWOBJ
PAIR = text("held") + text("x")

IN_THE_ENVELOPE: dict[str, Callable[[], bytes]] = {
    "a mark that is none": lambda: changed(0, to=ord("X")),
    "a mark that makes it a lease": lambda: changed(0, to=ord("L")),
    "a lifetime that is longer by a bit": lambda: changed(1),
    "a lifetime that is one millisecond off": lambda: changed(4),
    "an id with another first bit": lambda: changed(5),
    "an id with another last bit": lambda: changed(12),
    "the id of another store of the same value": lambda: moved(sealed(), slice(5, 13)),
    "an expiry far in the future": lambda: changed(13),
    "an expiry that is one millisecond later": lambda: changed(20),
    "a load time with another first bit": lambda: changed(21),
    "a load time with another last bit": lambda: changed(24),
    "a form that was never given out": lambda: changed(25, to=0),
    "a form with a bit that means nothing": lambda: changed(25, to=TYPED | 0x80),
    "data called bytes": lambda: changed(25, to=BYTES),
    "data called a pickle": lambda: changed(25, to=PICKLE),
    "data called compressed": lambda: changed(25, to=TYPED | COMPRESSED),
    "bytes called data": lambda: changed(25, sealed(b"\x01" * 50, policy=IMAGES), to=TYPED),
    "bytes called a pickle": lambda: changed(
        25, sealed(pickled(Inert()), policy=IMAGES), to=PICKLE
    ),
    "a pickle called data": lambda: changed(25, sealed(Inert()), to=TYPED),
    "a pickle called bytes": lambda: changed(25, sealed(Inert()), to=BYTES),
    "compressed data called plain": lambda: changed(25, sealed(policy=PACKED), to=TYPED),
    "the number of no key, with the signature there": lambda: changed(26, to=0),
    "the number of a key that is unknown": lambda: changed(26, to=77),
    "the number of an older key": lambda: changed(26, to=OLDER[0]),
    "a tag block of another first length": lambda: changed(27),
    "a tag block that is one byte longer": lambda: changed(28),
    "a tag block of no length": lambda: changed(28, to=0),
    "a first tag of another length": lambda: changed(envelope.HEAD),
    "a tag of another name": lambda: changed(envelope.HEAD + 1),
    "a tag with another stamp": lambda: changed(envelope.HEAD + 1 + len("t:games")),
    "a last tag with another stamp": lambda: changed(TAGS_END - 1),
    "tags taken away": lambda: sealed()[:27] + bytes(2) + sealed()[TAGS_END:],
    "tags of another value": lambda: moved(sealed(tags=OTHER_TAGS), slice(envelope.HEAD, TAGS_END)),
    "a payload with another first bit": lambda: changed(TAGS_END),
    "a payload with another middle": lambda: changed(TAGS_END + 200),
    "a payload with another last bit": lambda: changed(-SIGNATURE - 1),
    "a signature with another first bit": lambda: changed(-SIGNATURE),
    "a signature with another last bit": lambda: changed(-1),
    "a signature of zeros": lambda: sealed()[:-SIGNATURE] + bytes(SIGNATURE),
    "the signature of another store of the same value": lambda: moved(
        sealed(), slice(-SIGNATURE, None)
    ),
    "a byte more before the signature": lambda: (
        sealed()[:-SIGNATURE] + b"\x00" + sealed()[-SIGNATURE:]
    ),
    "a byte more after the signature": lambda: sealed() + b"\x00",
    "a value twice": lambda: sealed() * 2,
}

TRUNCATED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "a mark alone": lambda: sealed()[:1],
    "a value cut after its lifetime": lambda: sealed()[:5],
    "a value cut after its id": lambda: sealed()[:13],
    "a value cut after its expiry": lambda: sealed()[:21],
    "a value cut after its load time": lambda: sealed()[:25],
    "a value cut after its form": lambda: sealed()[:26],
    "a value cut after its key's number": lambda: sealed()[:27],
    "a value one byte short of its head": lambda: sealed()[:28],
    "a head alone": lambda: sealed()[:29],
    "a value cut in its tags": lambda: sealed()[: TAGS_END - 5],
    "a value cut after its tags": lambda: sealed()[:TAGS_END],
    "a value cut in its payload": lambda: sealed()[: TAGS_END + 100],
    "a value without its signature": lambda: sealed()[:-SIGNATURE],
    "a value with half a signature": lambda: sealed()[: -SIGNATURE // 2],
    "a value without its last byte": lambda: sealed()[:-1],
    "a value without its first byte": lambda: sealed()[1:],
    "a head and a signature, with nothing between": lambda: (
        sealed()[:TAGS_END] + sealed()[-SIGNATURE:]
    ),
}

REPLAYED: dict[str, Callable[[], bytes]] = {
    "the value of another key": lambda: sealed(wire=OTHER_KEY),
    "the value of another category": lambda: sealed(wire=OTHER_CATEGORY),
    "the value of a key that is longer": lambda: sealed(wire=WIRE + "N"),
    "the value of a key that is shorter": lambda: sealed(wire=WIRE[:-1]),
    "a pickle of another key": lambda: sealed(Inert(), wire=OTHER_KEY),
    "a lease": lambda: envelope.lease(800),
    "a lease posing as a value": lambda: b"N" + envelope.lease(800)[1:],
    "a lease posing as a value, and long enough": lambda: b"R" + envelope.lease(800)[1:] * 5,
    "a tag's stamp": lambda: b"stamp 01",
    "a value of the first version": lambda: b"N\x00\x00\xea\x60\x01{}" + bytes(60),
}

DOWNGRADED: dict[str, Callable[[], bytes]] = {
    "an unsigned value": lambda: sealed(by=UNSIGNED),
    "an unsigned value with the signature of a signed one": lambda: (
        sealed(by=UNSIGNED) + sealed()[-SIGNATURE:]
    ),
    "a signed value made unsigned": lambda: changed(26, sealed()[:-SIGNATURE], to=0),
    "an unsigned pickle": lambda: changed(
        25, sealed(pickled(Inert()), by=UNSIGNED, policy=IMAGES), to=PICKLE
    ),
    "a value of a key that was taken away": lambda: sealed(by=Serializer(Keyring(REMOVED))),
    "a value of a key that was taken away, under the number of ours": lambda: sealed(
        by=Serializer(Keyring((CURRENT[0], REMOVED[1])))
    ),
    "a value of an older key, under the number of the newer": lambda: changed(
        26, sealed(by=Serializer(Keyring(OLDER))), to=CURRENT[0]
    ),
}

# From here on the attacker has our key: the second line holds, too.
SIGNED: dict[str, Callable[[], bytes]] = {
    "a decompression bomb": lambda: signed_by_us(TYPED | COMPRESSED, zstd.compress(bytes(2**26))),
    "a decompression bomb of bytes": lambda: signed_by_us(
        BYTES | COMPRESSED, zstd.compress(bytes(2**26))
    ),
    "a list of four billion": lambda: signed_by_us(TYPED, b"\xdd\xff\xff\xff\xff"),
    "lists without an end": lambda: signed_by_us(TYPED, b"\x91" * 100_000),
    "a form without a meaning": lambda: signed_by_us(0x0F, b"\xc0"),
    "a pickle that runs a command": lambda: signed_by_us(
        PICKLE, pickled(Calling(os.system, "exit 1"))
    ),
    "a pickle that evaluates": lambda: signed_by_us(
        PICKLE, pickled(Calling(builtins.eval, "ran.append(1)"))
    ),
    "a pickle that gets an attribute": lambda: signed_by_us(
        PICKLE,
        program(found(builtins.getattr), INERT, text("__init__"), pickle.TUPLE2, pickle.REDUCE),
    ),
    "a pickle that calls a function beside the listed class": lambda: signed_by_us(
        PICKLE, pickled(Calling(run, "x"))
    ),
    "a pickle of an unlisted class": lambda: signed_by_us(PICKLE, pickled(Unlisted())),
    "a listed class that reduces to an unlisted callable": lambda: signed_by_us(
        PICKLE, pickled(Inert(Calling(run, "x")))
    ),
    "a listed class's method, named through its class": lambda: signed_by_us(
        PICKLE,
        program(
            text(Inert.__module__),
            text("Inert.__init__"),
            pickle.STACK_GLOBAL,
            MADE,
            pickle.TUPLE1,
            pickle.REDUCE,
        ),
    ),
    "a module that imports the listed class": lambda: signed_by_us(
        PICKLE,
        program(text("tests.unit.cache.test_forgery"), text("os.system"), pickle.STACK_GLOBAL),
    ),
    "a text pickle": lambda: signed_by_us(PICKLE, b"cos\nsystem\n(S'exit 1'\ntR."),
    "a text pickle of a listed class": lambda: signed_by_us(PICKLE, pickled(Inert(), 0)),
    "a pickle of an older protocol": lambda: signed_by_us(PICKLE, pickled(Inert(), 4)),
    "a text global behind the right protocol": lambda: signed_by_us(
        PICKLE, program(b"cos\nsystem\n", text("exit 1"), pickle.TUPLE1, pickle.REDUCE)
    ),
    "an instance made the old way": lambda: signed_by_us(
        PICKLE, program(pickle.MARK, b"itests.unit.cache.test_forgery\nInert\n")
    ),
    "a global from the registry of extensions": lambda: signed_by_us(
        PICKLE, program(pickle.EXT1, b"\x01")
    ),
    "a reference to something outside": lambda: signed_by_us(
        PICKLE, program(text("x"), pickle.BINPERSID)
    ),
    "a memo that is recalled before it is made": lambda: signed_by_us(
        PICKLE, program(pickle.BINGET, b"\x05")
    ),
    "a memo that is put at the end of memory": lambda: signed_by_us(
        PICKLE, program(pickle.NONE, pickle.LONG_BINPUT, b"\xff\xff\xff\x7f")
    ),
    "a class that is remembered and called as an instance's attribute": lambda: signed_by_us(
        PICKLE,
        program(INERT, pickle.MEMOIZE, pickle.EMPTY_DICT, PAIR, pickle.SETITEM, pickle.BUILD),
    ),
    "attributes that are set on the listed class itself": lambda: signed_by_us(
        PICKLE,
        program(
            INERT,
            pickle.NONE,
            pickle.EMPTY_DICT,
            PAIR,
            pickle.SETITEM,
            pickle.TUPLE2,
            pickle.BUILD,
        ),
    ),
    "a listed class as a value": lambda: signed_by_us(PICKLE, program(INERT)),
    "a listed class in a list": lambda: signed_by_us(
        PICKLE, program(pickle.EMPTY_LIST, INERT, pickle.APPEND)
    ),
    "an instance that is called": lambda: signed_by_us(
        PICKLE, program(MADE, pickle.EMPTY_TUPLE, pickle.REDUCE)
    ),
    "a text that is called": lambda: signed_by_us(
        PICKLE, program(text("x"), pickle.EMPTY_TUPLE, pickle.REDUCE)
    ),
    "a pickle that takes from an empty stack": lambda: signed_by_us(PICKLE, program(pickle.REDUCE)),
    "a mark that is remembered": lambda: signed_by_us(
        PICKLE, program(pickle.MARK, pickle.MEMOIZE, pickle.BINGET, b"\x00", pickle.TUPLE)
    ),
    "a pickle with something left over": lambda: signed_by_us(PICKLE, program(MADE) + b"more"),
    "a pickle that leaves something on its stack": lambda: signed_by_us(
        PICKLE, program(pickle.NONE, MADE)
    ),
    "a pickle without an end": lambda: signed_by_us(PICKLE, program(MADE)[:-1]),
    "a pickle of bytes that it has not": lambda: signed_by_us(
        PICKLE, program(pickle.BINBYTES8, b"\xff" * 7 + b"\x7f")
    ),
    "a buffer that is allocated before it is read": lambda: signed_by_us(
        PICKLE, program(pickle.BYTEARRAY8, b"\x00\x00\x00\x00\x04\x00\x00\x00")
    ),
    "a pickle of more bytes than are allowed": lambda: signed_by_us(
        PICKLE, program(MADE, pickle.BINUNICODE, (300_000).to_bytes(4, "little"), b"x" * 300_000)
    ),
}

FORGERIES = IN_THE_ENVELOPE | TRUNCATED | REPLAYED | DOWNGRADED | SIGNED


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_never_read(forge: Callable[[], bytes]) -> None:
    forged = forge()
    ran.clear()
    assert OURS.open(WIRE, forged) is None
    assert not ran
    assert not hasattr(Inert, "held")


def test_there_are_forgeries_enough_to_speak_of() -> None:
    assert len(FORGERIES) >= 40


def test_the_values_that_forgeries_are_made_of_are_good_ones() -> None:
    for stored in (
        sealed(),
        sealed(policy=PACKED),
        sealed(b"\x01" * 50, policy=IMAGES),
        sealed(Inert()),
        sealed(by=Serializer(Keyring(OLDER))),
        signed_by_us(TYPED, b"\xc0"),
        signed_by_us(TYPED | COMPRESSED, zstd.compress(b"\xc0")),
        signed_by_us(PICKLE, pickled(Inert())),
        signed_by_us(PICKLE, program(MADE)),
        signed_by_us(PICKLE, program(MADE, pickle.EMPTY_DICT, PAIR, pickle.SETITEM, pickle.BUILD)),
        READ + sealed()[1:],
    ):
        assert OURS.open(WIRE, stored) is not None


def test_the_programs_that_forgeries_run_would_run() -> None:
    ran.clear()
    pickle.loads(pickled(Inert(Calling(run, "x"))))
    pickle.loads(pickled(Unlisted()))
    pickle.loads(program(found(run), text("y"), pickle.TUPLE1, pickle.REDUCE))
    assert ran == ["x", None, "y"]


@pytest.mark.parametrize(
    "stored",
    [sealed(), sealed(policy=PACKED), sealed(Inert())],
    ids=["a signed value", "a compressed one", "a pickle"],
)
def test_without_a_key_nothing_signed_is_read(stored: bytes) -> None:
    assert UNSIGNED.open(WIRE, stored) is None
    assert UNSIGNED.open(WIRE, changed(26, stored, to=0)) is None


@pytest.mark.parametrize("bit", range(8))
def test_no_bit_of_a_value_can_be_flipped_but_its_mark(bit: int) -> None:
    stored = sealed()
    for place in range(1, len(stored)):
        forged = bytearray(stored)
        forged[place] ^= 1 << bit
        assert OURS.open(WIRE, bytes(forged)) is None, place


def test_no_beginning_and_no_end_of_a_value_is_a_value() -> None:
    stored = sealed()
    for place in range(1, len(stored)):
        assert OURS.open(WIRE, stored[:place]) is None, place
        assert OURS.open(WIRE, stored[place:]) is None, place


@given(st.binary(max_size=300), st.sampled_from([b"", b"N", b"R", b"L", sealed()[:TAGS_END]]))
def test_random_bytes_are_never_read(data: bytes, before: bytes) -> None:
    assert OURS.open(WIRE, before + data) is None


@given(st.binary(max_size=200))
def test_random_programs_of_our_own_key_never_raise(data: bytes) -> None:
    OURS.open(WIRE, signed_by_us(PICKLE, program(data)))


STEPS = [
    *(getattr(pickle, name) for name in dir(pickle) if name.isupper()),
    *(INERT, MADE, PAIR, text("x"), pickle.BINGET + b"\x00"),
]
steps = st.sampled_from([step for step in STEPS if isinstance(step, bytes)])


@given(st.lists(steps, max_size=12))
def test_no_program_of_known_steps_changes_the_listed_class(program_steps: list[bytes]) -> None:
    known = dict(vars(Inert))
    ran.clear()
    OURS.open(WIRE, signed_by_us(PICKLE, program(*program_steps)))
    assert dict(vars(Inert)) == known
    assert not ran
