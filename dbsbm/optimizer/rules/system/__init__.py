"""Rules about what grows until it is full."""

from dbsbm.optimizer.rules.system import broker, disk, memory, table_growth

RULES = (broker, disk, memory, table_growth)
