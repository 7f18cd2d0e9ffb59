"""Scheduling's clockwork."""

from celery import shared_task

from scheduling import reminders


@shared_task(name="scheduling.queue_reminders", acks_late=True, ignore_result=True)
def queue_reminders() -> None:
    """Promise the reminders that are due."""
    reminders.queue_due()
