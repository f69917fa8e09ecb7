"""Workers are killed while members bet, and nobody loses a bet or gets two."""

from __future__ import annotations

from bench.rig.fleet import FleetUnderTest
from bench.rig.storm import killed, ride


def test_ten_bets_survive_the_death_of_the_workers_that_place_draw_and_deliver_them(
    fleet: FleetUnderTest, game: str
) -> None:
    faults = [killed(fleet, "front"), killed(fleet, "images")]
    verdict = ride(fleet, game, 10, faults, span=2.0)
    assert (verdict.lost, verdict.doubled) == ([], [])
    assert (verdict.rows, verdict.slips) == (10, 10)
