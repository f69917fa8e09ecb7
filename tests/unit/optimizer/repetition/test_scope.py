from __future__ import annotations

import pytest

from bench.rig.repetition_traces import LOOK_ALIKES, SHAPES, named
from dbsbm.optimizer.repetition.scope import LEAST_CALLS, MOST_SHAPES, Scope
from dbsbm.optimizer.repetition.shape import Shape

READ = Shape("sql", "aaaa")


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_repeated_once_a_row_is_named_and_nothing_beside_it(name: str) -> None:
    assert sum(named([SHAPES[name]], seed) for seed in range(100, 120)) == 20


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_what_only_looks_like_it_is_not_named(name: str) -> None:
    assert sum(named([LOOK_ALIKES[name]], seed) for seed in range(100, 120)) == 20


def played(shape: Shape, calls: int, *, pause: float = 0.0, took: float = 0.001) -> Scope:
    scope = Scope()
    for number in range(calls):
        began = number * (took + pause)
        scope.saw(shape, number, began, began + took, 1)
    return scope


def test_a_loop_is_told_with_its_calls_and_its_time() -> None:
    (found,) = played(READ, 20, took=0.25).repetitions()
    assert (found.shape, found.calls) == (READ, 20)
    assert found.seconds == pytest.approx(5.0)


def test_a_loop_begins_with_the_fifth_value() -> None:
    assert played(READ, LEAST_CALLS - 1).repetitions() == []
    assert len(played(READ, LEAST_CALLS).repetitions()) == 1


def test_calls_that_wait_between_them_are_a_poll_unless_they_are_slow_themselves() -> None:
    assert played(READ, 20, pause=0.06).repetitions() == []
    assert len(played(READ, 20, pause=0.04).repetitions()) == 1
    assert len(played(READ, 20, pause=0.5, took=0.2).repetitions()) == 1


def test_what_takes_the_most_time_comes_first() -> None:
    scope = played(READ, 10, took=0.001)
    slow = Shape("discord", "GET /users/{id}")
    for number in range(10):
        scope.saw(slow, None, 1.0 + number, 1.9 + number, 1)
    assert [each.shape for each in scope.repetitions()] == [slow, READ]


def test_lists_of_several_lengths_are_one_shape_and_together_no_batch() -> None:
    scope = Scope()
    for number in range(12):
        scope.saw(Shape("sql", "aaaa", batch=number % 4 + 1), number, number, number + 0.001, 1)
    assert [each.calls for each in scope.repetitions()] == []  # they wait a second each
    scope = Scope()
    for number in range(12):
        scope.saw(Shape("sql", "aaaa", batch=number % 4 + 1), number, 0.0, 0.001, 1)
    assert [each.calls for each in scope.repetitions()] == [12]


def test_a_page_of_unknown_length_is_taken_for_one() -> None:
    scope = Scope()
    for number in range(12):
        scope.saw(Shape("sql", "aaaa", walks=True), number, 0.0, 0.001, -1)
    assert scope.repetitions() == []


def test_a_scope_stays_small_whatever_is_called() -> None:
    scope = Scope()
    for number in range(MOST_SHAPES * 4):
        for value in range(LEAST_CALLS):
            scope.saw(Shape("sql", f"{number}"), value, 0.0, 0.001, 1)
    assert len(scope.repetitions()) == MOST_SHAPES
