"""Incidents, told where people are: one message in Discord each, and a webhook beside it."""
