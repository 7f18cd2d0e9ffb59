"""Envelopes: an id in, nothing out."""

from celery import shared_task

from reports import export


@shared_task(name="reports.build_export", acks_late=True, ignore_result=True)
def build_export(public_id: str) -> None:
    export.build(public_id)


@shared_task(name="reports.expire_exports", acks_late=True, ignore_result=True)
def expire_exports() -> None:
    export.sweep()
