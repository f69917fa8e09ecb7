"""What DBSBM promises about speed, as programs that measure it.

Each module here is a bench: it has a function `rows(quick: bool) -> Iterable[Row]`, and
`python -m bench NAME` runs it. A row has a floor, which must hold, an aim, and where the field
has an equivalent, the peers' values measured in the same minutes on the same machine.
"""

from __future__ import annotations
