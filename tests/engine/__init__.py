"""A container engine made of local processes, for pytest-celery where no Docker engine runs.

See README.md beside this file: what it imitates, how to choose the engine, and how to run a
worker of the product in it.
"""

from __future__ import annotations
