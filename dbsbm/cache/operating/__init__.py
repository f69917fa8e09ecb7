"""What operators and beat do with the cache: totals, health, clean-up, the hot log, warming."""
