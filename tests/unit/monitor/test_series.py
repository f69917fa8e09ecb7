from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbsbm.monitor.counting.series import LABELS_LENGTH, labels_text, parse_labels

keys = st.text("abcdefghij_", min_size=1, max_size=10)


def test_labels_are_sorted_by_their_key() -> None:
    assert labels_text([("queue", "images"), ("outcome", "ok")]) == "outcome=ok,queue=images"


def test_a_separator_within_a_value_cannot_forge_a_label() -> None:
    assert parse_labels(labels_text([("task", "a,queue=b|c\n")])) == {"task": "a_queue_b_c_"}


@given(st.dictionaries(keys, st.text("abcxyz.-09", max_size=12), max_size=5))
def test_labels_are_read_back_as_they_were_written(labels: dict[str, str]) -> None:
    assert parse_labels(labels_text(labels.items())) == labels


@given(st.dictionaries(keys, st.text(st.characters()), max_size=20))
def test_any_label_fits_its_column_and_can_be_encoded(labels: dict[str, str]) -> None:
    text = labels_text(labels.items())
    assert len(text) <= LABELS_LENGTH
    assert text.encode().decode() == text
