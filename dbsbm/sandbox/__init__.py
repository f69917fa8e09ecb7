"""Local stand-ins that speak the real protocols of the services DBSBM talks to."""
