from __future__ import annotations

import copy
import pickle
from dataclasses import InitVar, dataclass, field, make_dataclass
from enum import Enum, IntEnum, StrEnum
from typing import Any

import pytest
import sqlalchemy as sa

from dbsbm.cache.values.cacheable import cacheable, register
from dbsbm.cache.values.codec import EncodeError, pack, unpack
from dbsbm.cache.values.rows import Row, make_row
from tests.unit.cache.values import Access, Colour, Leg, Level, Slip, Word


@pytest.mark.parametrize(
    "member",
    [*Colour, *Level, *Word, *Access, Access.READ | Access.WRITE, Access(0)],
)
def test_a_registered_enums_member_comes_back_as_the_member(member: Enum) -> None:
    assert unpack(pack(member)) is member
    assert unpack(pack({member: [member]})) == {member: [member]}


class Plain(StrEnum):
    YES = "yes"


class Number(IntEnum):
    ONE = 1


@dataclass
class Unmarked:
    a: int = 1


@dataclass
class Heir(Slip):
    more: int = 0


@pytest.mark.parametrize("value", [Plain.YES, Number.ONE, Unmarked(), Heir()])
def test_an_unregistered_class_is_refused_with_what_to_do(value: Any) -> None:
    with pytest.raises(EncodeError) as refused:
        pack({"deep": [value]})
    assert type(value).__qualname__ in str(refused.value)
    assert "at value['deep'][0]: mark its class with @cacheable" in str(refused.value)


def test_a_dataclass_comes_back_as_itself() -> None:
    slip = Slip([Leg("moneyline", -110), Leg("total", 2.5, tags=("a",))], note={"x"})
    assert unpack(pack(slip)) == slip
    assert type(unpack(pack(slip)).legs[0]) is Leg


def test_the_path_leads_into_a_dataclass() -> None:
    with pytest.raises(EncodeError, match=r"at value\['legs'\]\[0\]\['odds'\]"):
        pack(Slip([Leg("moneyline", object())]))


def test_a_dataclass_without_one_of_its_fields_is_refused() -> None:
    leg = object.__new__(Leg)
    with pytest.raises(EncodeError, match="Leg without its 'market'"):
        pack(leg)


def release(name: str, **fields: Any) -> Any:
    """Return a dataclass as another release may have had it."""
    made = make_dataclass("Release", [(key, object, value) for key, value in fields.items()])
    return register(made, name=name)


def test_a_new_field_with_a_default_takes_it_in_what_is_older() -> None:
    stored = pack(release("tests.grows", a=field())(a=1))
    newer = release("tests.grows", a=field(), b=field(default_factory=list))
    assert unpack(stored) == newer(a=1, b=[])


def test_a_new_field_without_a_default_makes_what_is_older_unreadable() -> None:
    stored = pack(release("tests.demands", a=field())(a=1))
    release("tests.demands", a=field(), b=field())
    with pytest.raises(TypeError, match="'b'"):
        unpack(stored)


def test_a_field_that_went_makes_what_is_older_unreadable() -> None:
    stored = pack(release("tests.shrinks", a=field(), b=field())(a=1, b=2))
    release("tests.shrinks", a=field())
    with pytest.raises(TypeError, match="'b'"):
        unpack(stored)


def test_a_class_that_this_process_has_not_registered_is_not_looked_for() -> None:
    stored = pack(release("tests.known", a=field())(a=1)).replace(b"tests.known", b"tests.other")
    with pytest.raises(LookupError):
        unpack(stored)


def test_a_class_can_move_if_it_was_given_a_name() -> None:
    assert b"tests.leg" in pack(Leg("total", 1))
    assert b"values.Leg" not in pack(Leg("total", 1))


def test_two_classes_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match=r"'tests\.leg' already; choose a name"):

        @cacheable(name="tests.leg")
        @dataclass
        class Other:
            a: int


@dataclass
class Computed:
    a: int
    double: int = field(init=False)


@dataclass
class Seeded:
    a: int
    seed: InitVar[int] = 0


class Undecorated(Slip):
    def __init__(self) -> None:
        super().__init__(["something else"])


@pytest.mark.parametrize("kind", [Computed, Seeded, Undecorated, object, dict])
def test_a_class_that_its_fields_cannot_make_is_not_registered(kind: type) -> None:
    with pytest.raises(TypeError, match="cannot be cached"):
        register(kind)


class TestRows:
    metadata = sa.MetaData()
    bets = sa.Table(
        "bets",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("count", sa.Integer),
        sa.Column("note", sa.String(20)),
    )

    def fetch(self, *columns: Any) -> Any:
        engine = sa.create_engine("sqlite://")
        with engine.begin() as connection:
            self.metadata.create_all(connection)
            connection.execute(self.bets.insert().values(id=7, count=3, note="x"))
            row = connection.execute(sa.select(*columns)).one()
        engine.dispose()
        return row

    def test_a_row_comes_back_as_an_equal_named_row(self) -> None:
        row = self.fetch(self.bets)
        cached = unpack(pack(row))
        assert isinstance(cached, Row)
        assert cached == row
        assert row == cached
        assert hash(cached) == hash(row)
        assert (cached.id, cached.count, cached.note) == (7, 3, "x")
        assert cached._fields == row._fields == ("id", "count", "note")
        assert cached._mapping == dict(row._mapping) == cached._asdict()
        assert (cached[0], cached[-1]) == (7, "x")
        assert pack(cached) == pack(row)

    def test_rows_lie_within_other_values(self) -> None:
        row = self.fetch(self.bets)
        assert unpack(pack({"rows": [row, row]})) == {"rows": [row, row]}

    def test_columns_of_one_name_are_found_by_their_place(self) -> None:
        row = self.fetch(self.bets.c.id, self.bets.c.note, self.bets.c.id.label("id"))
        cached = unpack(pack(make_row(("id", "note", "id"), (1, "x", 2))))
        assert tuple(cached) == (1, "x", 2)
        assert cached.note == "x"
        assert dict(cached._mapping) == {"note": "x"}
        with pytest.raises(AttributeError, match="several columns named 'id'"):
            _ = cached.id
        assert unpack(pack(row)) == row

    def test_a_quoted_name_is_a_name(self) -> None:
        row = self.fetch(sa.literal(1).label(sa.sql.quoted_name("Total", quote=True)))
        assert unpack(pack(row)).Total == 1

    def test_an_expression_without_a_name_has_the_one_that_it_was_given(self) -> None:
        row = self.fetch(sa.func.max(self.bets.c.id))
        assert unpack(pack(row)) == row

    def test_the_path_leads_into_a_row(self) -> None:
        with pytest.raises(EncodeError, match=r"a object at value\[0\]\['note'\]"):
            pack([make_row(("id", "note"), (1, object()))])


def test_a_row_is_a_tuple_that_can_be_copied_and_pickled() -> None:
    row = make_row(("id", "class", "a b", "index", "_fields", "__len__"), range(6))
    for twin in (copy.copy(row), copy.deepcopy(row), pickle.loads(pickle.dumps(row))):
        assert twin == row
        assert twin._fields == row._fields
    assert getattr(row, "a b") == 2
    assert row.index == 3
    assert row._mapping["_fields"] == 4
    assert len(row) == 6
    assert repr(make_row(("id",), [1])) == "Row(id=1)"


def test_a_row_tells_which_columns_it_has() -> None:
    with pytest.raises(AttributeError, match="no column named 'odds': id, note"):
        _ = make_row(("id", "note"), (1, 2)).odds


def test_a_row_cannot_be_changed() -> None:
    row: Any = make_row(("id",), (1,))
    with pytest.raises(AttributeError):
        row.id = 2
    with pytest.raises(TypeError):
        row._mapping["id"] = 2


def test_a_row_has_as_many_names_as_values() -> None:
    with pytest.raises(ValueError, match="a row of 2 values has 1 names"):
        make_row(("id",), (1, 2))
