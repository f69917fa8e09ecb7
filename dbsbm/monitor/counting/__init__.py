"""Counting in each process, and the hand-over of what was counted through the broker."""
