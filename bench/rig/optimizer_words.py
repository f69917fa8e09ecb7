"""Names for databases that nobody has seen: nouns of several trades, and columns by their role."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

_TRADES = """
shop: customer basket product voucher supplier invoice refund wishlist review parcel payment brand
clinic: patient visit doctor prescription ward diagnosis specimen insurer referral nurse bed
logistics: shipment depot driver route pallet manifest truck customs carrier dock scan container
forum: member thread reply badge board attachment moderator report poll mention bookmark avatar
betting: punter wager fixture market bookmaker ticket settlement league selection deposit withdrawal
school: pupil lesson teacher exam classroom timetable guardian subject grade homework excursion
energy: meter reading tariff outage turbine substation feeder bill contractor inspection sensor
"""

TRADES: Mapping[str, Sequence[str]] = {
    trade: nouns.split()
    for trade, nouns in (line.split(": ") for line in _TRADES.strip().splitlines())
}
"""Trade -> what its people keep records of."""

_SUFFIXES = """
log history item note tag batch archive entry event
detail summary import queue audit link map plan
"""

SUFFIXES: Sequence[str] = _SUFFIXES.split()
"""What comes behind a noun for a second table about it."""

ROLES: Mapping[str, tuple[str, ...]] = {
    "key": ("id", "no", "pk", "seq_no"),
    "status": ("status", "state", "stage", "phase", "lifecycle"),
    "kind": ("kind", "category", "channel", "segment", "flavour"),
    "place": ("city", "region", "district", "country_code", "branch_code"),
    "mail": ("email", "mail", "login", "contact_mail"),
    "code": ("sku", "barcode", "ref_no", "voucher_code", "serial", "tracking_no", "external_ref"),
    "phone": ("phone", "mobile", "tel", "account_no", "contact_no"),
    "when": ("created_at", "placed_at", "logged_at", "recorded_at", "event_time", "booked_at"),
    "done": ("handled_at", "closed_at", "shipped_at", "paid_at", "archived_at"),
    "day": ("due_on", "valid_from", "expires_on", "start_date", "birth_date"),
    "money": ("price", "amount", "fee", "balance", "cost", "premium", "total_price"),
    "count": ("quantity", "pieces", "seats", "units", "attempts", "stock"),
    "score": ("score", "rating", "priority", "weight", "points"),
    "title": ("title", "label", "caption", "headline", "display_name"),
    "body": ("body", "notes", "description", "content", "details", "payload"),
    "owner": ("owner_id", "agent_id", "tenant_id", "account_id", "site_id", "author_id"),
    "flag": ("is_active", "is_public", "verified", "archived", "is_test"),
    "measure": ("latitude", "temperature", "humidity", "pressure", "distance_km"),
}
"""Role -> names for a column that plays it; none of them is a reserved word."""


def _camel(text: str) -> str:
    head, *rest = text.split("_")
    return head + "".join(map(str.capitalize, rest))


STYLES: Mapping[str, Callable[[str], str]] = {
    "plural": lambda noun: f"{noun}s",
    "singular": lambda noun: noun,
    "tbl": lambda noun: f"tbl_{noun}",
    "app": lambda noun: f"app_{noun}s",
    "camel": _camel,
}
"""How a team names its tables."""


class Names:
    """Names for one schema, in one style; none comes twice in the same place."""

    def __init__(self, random: Random, trade: str) -> None:
        self._random = random
        self._style = STYLES[random.choice(list(STYLES))]
        self._camel = random.random() < 0.2
        nouns = list(TRADES[trade])
        random.shuffle(nouns)
        pairs = [f"{noun}_{suffix}" for noun in nouns for suffix in SUFFIXES]
        random.shuffle(pairs)
        self._nouns = [*(f"{pair}_old" for pair in pairs), *pairs, *reversed(nouns)]

    def table(self) -> str:
        """Return the name of a table that is not there yet."""
        return self._style(self._nouns.pop())

    def column(self, role: str, taken: set[str]) -> str:
        """Return a name for a column that plays a role, other than those that are taken."""
        free = [name for name in map(self._spelled, ROLES[role]) if name not in taken]
        if free:
            return self._random.choice(free)
        return self._spelled(f"{ROLES[role][0]}_{len(taken)}")

    def reference(self, table: str, taken: set[str]) -> str:
        """Return a name for a column that refers to a table."""
        noun = table.removeprefix("tbl_").removeprefix("app_").rstrip("s")
        names = (f"{noun}_id", f"id_{noun}", f"{noun}_ref", f"{noun}_{len(taken)}_id")
        return next(name for name in map(self._spelled, names) if name not in taken)

    def _spelled(self, name: str) -> str:
        return _camel(name) if self._camel else name
