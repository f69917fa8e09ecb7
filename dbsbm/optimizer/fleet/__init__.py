"""What the fleet measured of itself, as plain data that rules judge."""
