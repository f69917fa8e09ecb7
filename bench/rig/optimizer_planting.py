"""From a seed to a database with sixty faults and forty traps, or to one that is healthy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from bench.rig import (
    optimizer_faults_indexes,
    optimizer_faults_schema,
    optimizer_faults_statements,
    optimizer_traps,
)
from bench.rig.optimizer_blueprint import Blueprint
from bench.rig.optimizer_draft import Draft

Form = Callable[[Draft], None]

TRAPS = 40
LARGER = 4
"""How much larger tables are where pages are counted: a scan of a small one is no burden."""
CATALOGUE: dict[str, tuple[int, Sequence[Form]]] = {
    **optimizer_faults_indexes.FORMS,
    **optimizer_faults_statements.FORMS,
    **optimizer_faults_schema.FORMS,
}
"""Kind of fault -> how many are planted, and in which forms."""


def planted(seed: int) -> Blueprint:
    """Return a database with every kind of fault, and with traps."""
    draft = Draft(seed)
    faults = [
        form for count, forms in CATALOGUE.values() for form in _some(draft.random, forms, count)
    ]
    _plant(draft, [*faults, *_some(draft.random, optimizer_traps.FORMS, TRAPS)])
    return draft.made


def healthy(seed: int) -> Blueprint:
    """Return a database with every trap and without a fault."""
    draft = Draft(seed)
    _plant(draft, list(optimizer_traps.FORMS))
    return draft.made


def indexed(seed: int) -> Blueprint:
    """Return a database of larger tables, with every form of a fault of indexes, and with traps."""
    draft = Draft(seed, scale=LARGER)
    faults = [form for _, forms in optimizer_faults_indexes.FORMS.values() for form in forms]
    draft.random.shuffle(faults)
    for form in faults:
        form(draft)
    draft.scale = 1
    _plant(draft, _some(draft.random, optimizer_traps.FORMS, TRAPS // 2))
    return draft.made


def _some(random: Random, forms: Sequence[Form], count: int) -> list[Form]:
    """Return so many forms, each as often as any other as far as that goes."""
    chosen: list[Form] = []
    while len(chosen) < count:
        chosen += random.sample(list(forms), min(count - len(chosen), len(forms)))
    return chosen


def _plant(draft: Draft, forms: list[Form]) -> None:
    draft.random.shuffle(forms)
    for form in forms:
        form(draft)
    draft.live()
