"""Settings of `make test`: a real PostgreSQL, a real broker, cheap passwords."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests-and-never-anywhere-else-0123456789")
# One folder per account, used again, so that running the tests leaves no trail of new ones.
os.environ.setdefault("PRIVATE_FILES_ROOT", str(Path(tempfile.gettempdir()) / f"clinic-test-{os.getuid()}"))
os.environ.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1,testserver")
os.environ.setdefault("DATABASE_POOL_SIZE", "12")

from clinic.settings.dev import *  # noqa: F403  (the defaults above must come first)

# One pass of the real algorithm: tests sign in often and do not guess passwords.
PASSWORD_HASHERS = ["staff.hashers.CheapArgon2PasswordHasher"]
DATABASES["default"]["TEST"] = {  # noqa: F405
    "NAME": "test_clinic" + os.environ.get("TEST_DATABASE_SUFFIX", ""),
}
SESSION_IDLE_SECONDS = 15 * 60
WHITENOISE_AUTOREFRESH = False
