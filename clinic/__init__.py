"""The clinic's project package and its own rows: locations, rooms and services."""

from clinic.celery import app as celery_app

__all__ = ["celery_app"]
