"""Writing answers into Discord."""

from __future__ import annotations

from celery import shared_task

from tasks.base import services


@shared_task(name="tasks.discord.deliver")
def deliver(effect_id: int) -> str:
    """Deliver the answer that an effect holds."""
    return services().delivery.deliver(effect_id)
