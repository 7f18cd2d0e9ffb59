"""The sealer's alarm clock."""

from celery import shared_task

from audit.sealing import seal_everything


@shared_task(name="audit.seal", ignore_result=True)
def seal_audit() -> None:
    """Seal what has settled."""
    seal_everything()
