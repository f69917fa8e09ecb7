"""`./dev admin ...`: `python -m dbsbm ...` with the settings of the fleet that `./dev up` runs."""

from __future__ import annotations

import sys

from dbsbm.cli import main
from dbsbm.settings import PROJECT_ROOT
from workers.stack.instance import neighbour_of

if __name__ == "__main__":
    neighbour_of(PROJECT_ROOT).adopt()
    sys.exit(main())
