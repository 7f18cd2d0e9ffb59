"""The smallest project the launcher can run: it shows the launcher's own behaviour in a few seconds."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from ops.bootstrap import LOCKS, REQUIREMENTS
from ops.layout import ROOT

SETTINGS = """
import os
from clinic.settings.environment import database
SECRET_KEY = os.environ["SECRET_KEY"]
DATABASES = {"default": database(os.environ["DATABASE_URL"])}
CELERY_BROKER_URL = os.environ["REDIS_URL"]
ALLOWED_HOSTS = ["localhost"]
INSTALLED_APPS = ["django.contrib.contenttypes", "clinic"]
ROOT_URLCONF = "clinic.urls"
"""
URLS = """
from django.contrib.contenttypes.models import ContentType
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("healthz", lambda request: HttpResponse(ContentType.objects.filter(app_label="demo").count()))]
"""
COMMAND = """
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import BaseCommand
class Command(BaseCommand):
    def handle(self, **options):
        {act}
"""
FILES = {
    "clinic/__init__.py": "",
    "clinic/urls.py": URLS,
    "clinic/settings/__init__.py": "",
    "clinic/settings/dev.py": SETTINGS,
    "clinic/management/__init__.py": "",
    "clinic/management/commands/__init__.py": "",
    # One more row at every start: the count tells whether the data of the run before is still there.
    "clinic/management/commands/build_demo.py": COMMAND.format(
        act='ContentType.objects.create(app_label="demo", model=str(ContentType.objects.count()))'
    ),
    "clinic/management/commands/demo_logins.py": COMMAND.format(act='self.stdout.write("Sign in as demo")'),
}
SHARED_FILES = ("manage.py", "clinic/wsgi.py", "clinic/celery.py", "clinic/settings/environment.py")


def build(folder: Path) -> None:
    """A project in `folder` with this launcher, and an environment that borrows the packages of this one."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in SHARED_FILES:
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "ops", folder / "ops", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REQUIREMENTS, folder / "requirements")
    venv = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    packages = next(venv.glob("lib/python*/site-packages"))
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    # Says that the locked packages are installed: they are, in the borrowed environment.
    stamp = "import ops.bootstrap as b; b.STAMP.write_text(''.join(f'{n} {b._fingerprint(n)}\\n' for n in b.LOCKS))"
    subprocess.run([sys.executable, "-c", stamp], cwd=folder, check=True)
    assert set(LOCKS) == {"runtime", "dev"}
