"""The containers and `make run` start the same commands, and the image holds the whole project."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps

from ops.layout import ROOT
from ops.start import COMMANDS, command

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OUR_SERVICES = ["migrate", "web", "worker", "beat"]


def test_web_listens_where_the_environment_says() -> None:
    line = " ".join(command("web", {"HOST": "0.0.0.0", "PORT": "9000"}))  # noqa: S104
    assert "granian --interface wsgi --host 0.0.0.0 --port 9000 --workers 2 --blocking-threads 4" in line
    assert line.endswith(" clinic.wsgi:application")


def test_web_stays_on_this_machine_unless_told_otherwise() -> None:
    assert "--host 127.0.0.1 --port 8000" in " ".join(command("web", {}))


@pytest.mark.parametrize("service", OUR_SERVICES)
def test_each_container_runs_a_known_command(service: str) -> None:
    [name] = COMPOSE["services"][service]["command"]
    assert name in COMMANDS
    assert name == service


@pytest.mark.parametrize("service", OUR_SERVICES)
def test_each_container_is_production_and_not_root(service: str) -> None:
    settings = COMPOSE["services"][service]
    assert settings["environment"]["DJANGO_SETTINGS_MODULE"] == "clinic.settings.base"
    assert settings["read_only"] is True
    assert settings["cap_drop"] == ["ALL"]
    assert re.search(r"^USER clinic$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_a_missing_secret_stops_the_composition_with_its_name() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "SITE_URL", "ALLOWED_HOSTS", "EMAIL_HOST", "DEFAULT_FROM_EMAIL"):
        assert f"${{{name}:?Set {name}" in text


def test_every_app_of_ours_is_in_the_image() -> None:
    copied = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    ours = {
        Path(config.path).relative_to(ROOT).parts[0]
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT) and ".venv" not in Path(config.path).parts
    }
    assert ours <= copied
