"""Alerts: rules as data, one engine for live evaluation and replay, incidents in the database."""
