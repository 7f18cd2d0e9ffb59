"""Envelopes: nothing in, nothing out."""

from celery import shared_task

from outcomes import surveys


@shared_task(name="outcomes.queue_surveys", acks_late=True, ignore_result=True)
def queue_surveys() -> None:
    surveys.queue_due()
