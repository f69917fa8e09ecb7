"""API-Sports: one key, one API a sport, each with its own allowance and its own layout."""

from dbsbm.providers.apisports.adapter import ApiSports

__all__ = ["ApiSports"]
