from __future__ import annotations

from dbsbm.cache.categories import Category
from dbsbm.cache.debts import MOST_KEYS, Debts
from dbsbm.cache.keys import Key

GAME, TEAM = Category.GAME_DATA, Category.TEAM_DATA


def test_a_debt_is_covered_until_it_is_paid() -> None:
    debts, key = Debts(), Key.of(GAME, 1)
    assert not debts
    debts.owe([key])
    assert debts
    assert debts.covers(key)
    assert not debts.covers(Key.of(GAME, 2))
    debts.paid([key], [])
    assert not debts


def test_a_category_covers_all_its_keys() -> None:
    debts = Debts()
    debts.owe_category(GAME)
    assert debts.covers(Key.of(GAME, 1))
    assert not debts.covers(Key.of(TEAM, 1))
    debts.paid([], debts.categories)
    assert not debts


def test_too_many_keys_become_their_categories() -> None:
    debts = Debts()
    debts.owe([Key.of(TEAM, 0)])
    debts.owe(Key.of(GAME, number) for number in range(MOST_KEYS))
    assert debts.keys == []
    assert set(debts.categories) == {GAME, TEAM}
    assert debts.covers(Key.of(GAME, MOST_KEYS - 1))
