"""Budget and breaker of every provider, shared by all workers through Redis."""

from dbsbm.providers.guard.guard import Admission, Guard
from dbsbm.providers.guard.limits import BreakerPolicy, Limits, Meter, Priority

__all__ = ["Admission", "BreakerPolicy", "Guard", "Limits", "Meter", "Priority"]
