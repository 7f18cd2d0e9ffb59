"""The base of every row people can see."""

import uuid
from typing import Self

from django.db import models

from clinic.core.errors import Changed


class Record(models.Model):
    """A row with an id for outside (`public_id`) and the times it was made and last changed."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class EditableRecord(Record):
    """A row two people may edit: `version` rises by one with each change and is its ETag."""

    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True

    @property
    def etag(self) -> str:
        return f'"{self.version}"'

    def expect_version(self, version: int | None) -> Self:
        """Refuse if somebody changed the row since `version` was read. None: the caller does not mind."""
        if version is not None and version != self.version:
            raise Changed(current_version=self.version)
        return self
