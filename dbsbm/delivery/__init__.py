"""Answers in Discord, written by workers through the interaction's own webhook."""
