"""Tries a change of a schema on a copy, with the statements that were seen, before it is made."""
