"""Settings of `make run`: the whole clinic on one machine, over plain HTTP on localhost."""

import os
from pathlib import Path

_state = Path(__file__).resolve().parent.parent.parent / ".clinic"

os.environ.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1")
os.environ.setdefault("SITE_URL", f"http://localhost:{os.environ.get('PORT', '8000')}")
os.environ.setdefault("PRIVATE_FILES_ROOT", str(_state / "private"))
os.environ.setdefault("EMAIL_PROVIDER", "local")

from clinic.settings.base import *  # noqa: E402,F403  (the defaults above must come first)

SESSION_COOKIE_NAME = "session"
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_NAME = "csrf"
CSRF_COOKIE_SECURE = False
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
CSRF_TRUSTED_ORIGINS = []
# Someone trying the clinic reads and thinks; production keeps the strict limit.
SESSION_IDLE_SECONDS = 2 * 60 * 60

# Static files come from where they are written; nothing is collected.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Ctrl-C should not wait: an idle worker has nothing to hand back.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 1
# Marks every page, and shows on the sign-in page where the demo's names are.
IS_DEMO = True
