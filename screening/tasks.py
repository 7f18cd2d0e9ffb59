"""Envelopes: the work is in `rescreening`."""

from celery import shared_task

from screening.rescreening import screen_changed


@shared_task(name="screening.screen_changed", acks_late=True, ignore_result=True)
def screen_changed_patients() -> None:
    """Screen the patients whose record changed."""
    screen_changed()
