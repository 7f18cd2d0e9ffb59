"""Scheduling's clockwork."""

from celery import shared_task

from scheduling import change_checks, reminders, rescreens, turns


@shared_task(name="scheduling.queue_reminders", acks_late=True, ignore_result=True)
def queue_reminders() -> None:
    """Promise the reminders that are due."""
    reminders.queue_due()


@shared_task(name="scheduling.pass_on_offers", acks_late=True, ignore_result=True)
def pass_on_offers() -> None:
    """Pass on the offers whose time is over."""
    turns.pass_on_due()


@shared_task(name="scheduling.ask_for_changes", acks_late=True, ignore_result=True)
def ask_for_changes() -> None:
    """Ask before each visit what has changed."""
    change_checks.ask_due()


@shared_task(name="scheduling.ask_for_screening", acks_late=True, ignore_result=True)
def ask_for_screening() -> None:
    """Ask patients to answer the intake anew where it will be too old at a visit."""
    rescreens.ask_due()
