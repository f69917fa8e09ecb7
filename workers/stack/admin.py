"""`./dev admin ...`: `python -m dbsbm ...` with the settings of the fleet that `./dev up` runs."""

from __future__ import annotations

import sys

from dbsbm.cli import main
from dbsbm.settings import PROJECT_ROOT
from workers.stack.instance import ordinary_instance

if __name__ == "__main__":
    ordinary_instance(PROJECT_ROOT).adopt()
    sys.exit(main())
