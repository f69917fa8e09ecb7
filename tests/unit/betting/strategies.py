"""What a bet may be made of, for hypothesis."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from dbsbm.betting.bets import Market, Pick, Side
from dbsbm.betting.games import FinalScore
from dbsbm.betting.odds import HIGHEST_TYPED, LOWEST_TYPED, Odds

american = st.integers(100, 100_000) | st.integers(-100_000, -100)
decimals = st.decimals(LOWEST_TYPED, HIGHEST_TYPED, places=4)
odds = st.builds(Odds, decimals) | american.map(Odds.from_american)
risks = st.decimals(Decimal("0.0001"), Decimal(1000), places=4)
points = st.integers(0, 200)
quarters = st.integers(-400, 400).map(lambda quarter: Decimal(quarter) / 4)
totals = st.integers(1, 1200).map(lambda quarter: Decimal(quarter) / 4)


@st.composite
def scores(draw: st.DrawFn) -> FinalScore:
    home, away = draw(points), draw(points)
    level = min(home, away)
    overtime = draw(st.booleans())
    return FinalScore(home, away, regulation=(level, level) if overtime else (home, away))


moneylines = st.sampled_from([Side.HOME, Side.AWAY, Side.DRAW]).map(
    lambda side: Pick(Market.MONEYLINE, side)
)
spreads = st.builds(Pick, st.just(Market.SPREAD), st.sampled_from([Side.HOME, Side.AWAY]), quarters)
totals_picks = st.builds(
    Pick, st.just(Market.TOTAL), st.sampled_from([Side.OVER, Side.UNDER]), totals
)
picks = moneylines | spreads | totals_picks
