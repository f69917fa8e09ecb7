from __future__ import annotations

import pytest

from dbsbm.optimizer.learning.account import HOUR, INCOME, RESERVE, StaleAccount


def test_nothing_may_be_spent_before_anything_was_read() -> None:
    assert StaleAccount(0.01).left == 0


def test_what_is_saved_up_has_an_end_so_that_an_hour_never_holds_more_than_its_budget() -> None:
    account = StaleAccount(0.01)
    for second in range(int(20 * HOUR)):
        account.pay_in(10, float(second))
    assert account.left == pytest.approx(RESERVE * 0.01 * 10 * HOUR, rel=0.01)
    assert account.plan == pytest.approx(INCOME * 0.01)
    assert INCOME + RESERVE <= 1


def test_an_account_that_is_overdrawn_stays_so_until_reads_have_paid() -> None:
    account = StaleAccount(0.01)
    account.pay_in(1000, 0.0)
    account.pay(10.0)
    assert account.left < 0
    account.pay_in(1000, 1.0)
    assert account.left > 0


def test_what_is_not_certain_is_kept_back_and_given_back_with_time() -> None:
    account = StaleAccount(0.01)
    account.pay_in(10_000, 0.0)
    before = account.left
    account.pay(0.0, variance=25.0)
    assert account.left == pytest.approx(before - 15.0)
    account.pay_in(0, 10 * HOUR)
    assert account.left == pytest.approx(
        RESERVE * 0.01 * 100, abs=0.2
    )  # reads of long ago count for nothing


def test_the_plan_shrinks_with_what_is_left() -> None:
    account = StaleAccount(0.01)
    account.pay_in(100_000, 0.0)
    full = account.plan
    account.pay(account.left)
    assert account.plan == pytest.approx(full / 2)
