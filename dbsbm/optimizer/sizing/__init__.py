"""How large a pool should be, by measuring a few sizes."""
