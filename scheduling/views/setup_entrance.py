"""What the pages for setting up share: who may enter."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from clinic.core.errors import NotAllowed
from scheduling.views.entrance import desk_page, member

Page = Callable[..., HttpResponse]


def admin_page(view: Page) -> Page:
    """Signed-in administrators."""

    @functools.wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not member(request).is_administrator:
            raise NotAllowed()
        return view(request, *args, **kwargs)

    return desk_page(door)
