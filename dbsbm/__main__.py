"""`python -m dbsbm`: the operator's command line."""

import sys

from dbsbm.cli import main

sys.exit(main())
