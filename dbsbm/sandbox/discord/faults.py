"""Faults on demand: answers that fail, come late, or never arrive."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Literal

from dbsbm.sandbox.discord.errors import FormErrors, Refusal
from dbsbm.sandbox.discord.forms import boolean, choice, integer, number, record, text
from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.ratelimit import rate_limited_body

_numbers = itertools.count(1)
_SHAPE = record(
    {
        "method": text(10),
        "route": text(300),
        "count": integer(1, 1_000_000),
        "delay": number,
        "status": integer(400, 599),
        "body": record({}),
        "retry_after": number,
        "via": boolean,
        "drop": choice("before", "after"),
    }
)


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next requests that match.

    Attributes:
        method: HTTP method, or "*".
        route: Pattern of the path below the API prefix; * matches anything, slashes too.
        count: How many requests it hits.
        delay: Seconds the request waits before anything else happens to it.
        status: Answer with this HTTP status; the request is not carried out.
        body: JSON body of that answer; a fitting one where it is left out.
        retry_after: Seconds a 429 asks to wait.
        via: False makes a 429 look like a ban by the network in front.
        drop: Cut the connection "before" the request is carried out, or "after" it was, so
            that only the answer is lost.
        hits: How many requests it hit so far.
    """

    method: str = "*"
    route: str = "*"
    count: int = 1
    delay: float = 0.0
    status: int | None = None
    body: Json | None = None
    retry_after: float = 1.0
    via: bool = True
    drop: Literal["before", "after"] | None = None
    hits: int = 0
    id: int = field(default_factory=lambda: next(_numbers))

    def answer(self) -> tuple[int, Json, dict[str, str]] | None:
        """Return status, body and headers of the answer it forces, if it forces one."""
        if self.status is None:
            return None
        headers: dict[str, str] = {}
        if self.status == 429:
            headers = {"Retry-After": str(int(self.retry_after) + 1), "X-RateLimit-Scope": "user"}
            headers |= {"Via": "1.1 standin"} if self.via else {}
        return self.status, self.body or self._default_body(self.status), headers

    def _default_body(self, status: int) -> Json:
        if status == 429:
            return rate_limited_body(self.retry_after, everywhere=False)
        return {"message": f"{status}: injected by the stand-in", "code": 0}

    def view(self) -> Json:
        """Return it as the control API shows it."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


class FaultBook:
    """The faults that wait for a matching request."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, spec: Json) -> Fault:
        """Take a fault from its JSON form.

        Raises:
            Refusal: The form has an unknown field, or says nothing that would happen.
            ApiError: A field has a value that makes no sense.
        """
        errors = FormErrors()
        _SHAPE(spec, (), errors)
        errors.raise_if_any()
        allowed = {f.name for f in fields(Fault)} - {"id", "hits"}
        if unknown := set(spec) - allowed:
            raise Refusal(f"A fault has no field {min(unknown)!r}.")
        fault = Fault(**spec)
        if fault.status is None and not fault.delay and fault.drop is None:
            raise Refusal("A fault needs a status, a delay or a drop.")
        self._faults.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """Return the oldest fault that hits a request, and count the hit."""
        for fault in self._faults:
            if fault.method in ("*", method) and fnmatchcase(path, fault.route):
                fault.hits += 1
                if fault.hits >= fault.count:
                    self._faults.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def view(self) -> list[Json]:
        """Return the faults still waiting, as the control API shows them."""
        return [fault.view() for fault in self._faults]
