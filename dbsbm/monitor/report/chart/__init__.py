"""Pictures of how things went: for Discord, and inside a page."""
