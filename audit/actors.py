"""Who did it. The audit floor knows nobody: anything with these two attributes can act."""

import uuid
from typing import Protocol


class Actor(Protocol):
    """Staff members, API tokens' owners and patients' signed links all fit."""

    @property
    def actor_kind(self) -> str: ...

    @property
    def public_id(self) -> uuid.UUID: ...


class SystemActor:
    """The clinic's own clockwork."""

    actor_kind = "system"
    public_id = uuid.UUID(int=0)


SYSTEM = SystemActor()
