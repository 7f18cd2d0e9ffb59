"""Envelopes of the worker's work."""

from celery import shared_task

from messaging import delivery


@shared_task(name="messaging.deliver_message", acks_late=True, ignore_result=True)
def deliver_message(public_id: str) -> None:
    """Send one message, if it is still due."""
    delivery.deliver(public_id)


@shared_task(name="messaging.dispatch_due", acks_late=True, ignore_result=True)
def dispatch_due() -> None:
    """Send what is due and pick up what a dead sender left."""
    delivery.dispatch_due()
