"""Advice from what was measured: rules that turn evidence into findings. Nothing is applied."""
