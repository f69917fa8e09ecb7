from __future__ import annotations

import pytest

from dbsbm.cli.output import spell_bytes, spell_share, table


def test_a_table_has_names_to_the_left_and_numbers_to_the_right() -> None:
    assert table(("name", "count"), [("a", 1), ("longer", 1000)]) == (
        "name    count\na           1\nlonger   1000"
    )


def test_words_of_other_columns_are_to_the_left() -> None:
    rows = [("a", "warning", "80 -> 2"), ("b", "info", "-"), ("c", "critical", "1200 -> 40")]
    assert table(("id", "severity", "rows"), rows).splitlines() == [
        "id  severity        rows",
        "a   warning      80 -> 2",
        "b   info               -",
        "c   critical  1200 -> 40",
    ]


@pytest.mark.parametrize(
    ("count", "spelled"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1010, "1010 B"),
        (1024, "1 KiB"),
        (1_268_000, "1.21 MiB"),
        (1023 * 1024, "1023 KiB"),
        (5000 * 1024**3, "5000 GiB"),
    ],
)
def test_sizes_have_about_three_digits(count: int, spelled: str) -> None:
    assert spell_bytes(count) == spelled


def test_a_share_of_nothing_is_a_dash() -> None:
    assert (spell_share(None), spell_share(0.956)) == ("-", "95.6%")
