from __future__ import annotations

from dbsbm.cache.categories import Category
from dbsbm.cache.engine.debts import MOST, Debts
from dbsbm.cache.keys import Key

GAME, TEAM = Category.GAME_DATA, Category.TEAM_DATA


def test_a_debt_is_covered_until_it_is_paid() -> None:
    debts, key = Debts(), Key.of(GAME, 1)
    assert not debts
    debts.owe([key])
    assert debts
    assert debts.covers(key)
    assert not debts.covers(Key.of(GAME, 2))
    debts.paid(debts.owed())
    assert not debts


def test_a_tag_is_covered_until_it_is_paid() -> None:
    debts = Debts()
    debts.owe_tags(["t:bets"])
    assert debts.covers_any_tag(["t:games", "t:bets"])
    assert not debts.covers_any_tag(["t:games"])
    debts.paid(debts.owed())
    assert not debts.covers_any_tag(["t:bets"])


def test_a_category_covers_all_its_keys() -> None:
    debts = Debts()
    debts.owe_categories([GAME])
    assert debts.covers(Key.of(GAME, 1))
    assert not debts.covers(Key.of(TEAM, 1))
    debts.paid(debts.owed())
    assert not debts


def test_what_is_owed_again_while_it_is_paid_stays_owed() -> None:
    debts, key = Debts(), Key.of(GAME, 1)
    debts.owe([key])
    debts.owe_tags(["t:bets"])
    debts.owe_categories([TEAM])
    owed = debts.owed()
    debts.owe([key])
    debts.owe_tags(["t:bets"])
    debts.owe_categories([TEAM])
    debts.paid(owed)
    assert debts.covers(key)
    assert debts.covers_any_tag(["t:bets"])
    assert debts.covers(Key.of(TEAM, 1))


def test_too_many_keys_become_their_categories() -> None:
    debts = Debts()
    debts.owe([Key.of(TEAM, 0)])
    debts.owe(Key.of(GAME, number) for number in range(MOST))
    assert not debts.owed().keys
    assert set(debts.owed().categories) == {GAME, TEAM}
    assert debts.covers(Key.of(GAME, MOST - 1))


def test_too_many_tags_become_everything() -> None:
    debts = Debts()
    debts.owe_tags(f"t:bets:#{number}" for number in range(MOST + 1))
    assert not debts.owed().tags
    assert set(debts.owed().categories) == set(Category)
