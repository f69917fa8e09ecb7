"""Writing answers and incidents into Discord."""

from __future__ import annotations

from celery import shared_task

from tasks.base import services


@shared_task(name="tasks.discord.deliver")
def deliver(effect_id: int) -> str:
    """Deliver the answer that an effect holds."""
    return services().delivery.deliver(effect_id)


@shared_task(name="tasks.discord.incident")
def tell_of_incident(effect_id: int) -> str:
    """Post or edit the message of the incident that an effect is about."""
    return services().telling.deliver(effect_id)
