from __future__ import annotations

import os
import struct
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dbsbm.cache.categories import Category
from dbsbm.cache.values.encode_errors import EncodeError, TooLarge
from dbsbm.cache.values.envelope import read_head
from dbsbm.cache.values.pickles import PickleAllowance
from dbsbm.cache.values.serializer import PICKLE, Serializer
from dbsbm.cache.values.signing import Keyring
from dbsbm.errors import ConfigError

WIRE = "dbsbm:v2:game_data:nfl:#42"
POLICY = Category.GAME_DATA.policy
KEYRING = Keyring((1, b"a secret of the operator"))


class Model:
    def __init__(self, weights: Any = None) -> None:
        self.weights = weights

    def __eq__(self, other: object) -> bool:
        return type(other) is Model and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]  # as of all that can change

    class Part(list[Any]):
        pass


class Slotted:
    __slots__ = ("a", "b")


class HeirOfModel(Model):
    pass


ALLOWANCE = PickleAllowance([Model, Model.Part, Slotted, Decimal, Counter, Category])
SERIALIZER = Serializer(KEYRING, ALLOWANCE)


def seal(value: Any) -> bytes:
    return SERIALIZER.seal(WIRE, value, POLICY, lifetime_ms=1, expires_at_ms=1)


def test_an_instance_of_a_listed_class_comes_back() -> None:
    part = Model.Part([1, "two", b"three", 4.5, None, True, 2**100])
    value = {"model": Model([part, part, {1}, frozenset({2}), (), (1,), (1, 2, 3, 4), {"a": 1}])}
    opened = SERIALIZER.open(WIRE, seal(value))
    assert opened is not None
    assert opened.value == value
    weights = opened.value["model"].weights
    assert type(weights[0]) is Model.Part
    assert weights[0] is weights[1]


def test_slots_enums_decimals_and_dicts_with_a_constructor_come_back() -> None:
    slotted = Slotted()
    slotted.a, slotted.b = Decimal("1.50"), Category.GAME_DATA
    opened = SERIALIZER.open(WIRE, seal([slotted, Counter(a=2)]))
    assert opened is not None
    assert (opened.value[0].a, opened.value[0].b) == (Decimal("1.50"), Category.GAME_DATA)
    assert opened.value[1] == Counter(a=2)


def test_what_the_codec_can_write_is_no_pickle() -> None:
    assert form({"odds": Decimal("1.5")}) != PICKLE
    assert form({"model": Model()}) == PICKLE


def form(value: Any) -> int:
    *_, form, _key_id, _tags_size = read_head(seal(value))
    return form


def test_pickles_are_off_unless_asked_for() -> None:
    with pytest.raises(EncodeError, match="Model at value"):
        Serializer(KEYRING).seal(WIRE, Model(), POLICY, lifetime_ms=1, expires_at_ms=1)
    assert Serializer(KEYRING).open(WIRE, seal(Model())) is None


def test_pickles_without_a_key_are_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match="must be signed"):
        Serializer(None, ALLOWANCE)


@pytest.mark.parametrize(
    "value",
    [
        HeirOfModel(),
        Model(date(2026, 1, 1)),
        Model(HeirOfModel),
        Model(Model),
        Model(print),
        Model(lambda: None),
        Model(bytearray(b"x")),
        Model(os),
    ],
    ids=["heir", "date", "heir's class", "class", "print", "lambda", "bytearray", "module"],
)
def test_what_is_not_listed_is_not_pickled(value: Any) -> None:
    with pytest.raises(EncodeError):
        seal(value)


def test_the_refusal_names_the_class() -> None:
    with pytest.raises(EncodeError, match="HeirOfModel at value: its class is not among those"):
        seal(Model(HeirOfModel()))


def test_a_value_that_contains_itself_is_not_pickled() -> None:
    items: list[Any] = []
    value = Model((items,))
    items.append(value.weights)
    with pytest.raises(EncodeError):
        seal(value)


def test_a_pickle_has_its_own_limit() -> None:
    small = Serializer(KEYRING, PickleAllowance([Model], max_bytes=1000))
    with pytest.raises(EncodeError, match="more than 1000 bytes"):
        small.seal(WIRE, Model("x" * 1000), POLICY, lifetime_ms=1, expires_at_ms=1)
    assert small.open(WIRE, seal(Model("x" * 1000))) is None


def test_a_pickle_is_held_to_its_categorys_limit() -> None:
    with pytest.raises(TooLarge):
        SERIALIZER.seal(
            WIRE, Model("x" * 70_000), Category.SESSION.policy, lifetime_ms=1, expires_at_ms=1
        )


@pytest.mark.parametrize("kind", [type, print, "Model", struct], ids=str)
def test_only_classes_of_data_are_listed(kind: Any) -> None:
    with pytest.raises(ConfigError, match="cannot be pickled"):
        PickleAllowance([kind])


def test_a_class_that_no_other_process_finds_is_not_listed() -> None:
    class Local:
        pass

    with pytest.raises(ConfigError, match="inside a function"):
        PickleAllowance([Local])
