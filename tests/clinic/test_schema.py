"""The OpenAPI schema: complete, and without a warning."""

from django.core.management import call_command
from drf_spectacular.drainage import GENERATOR_STATS


def test_the_schema_is_valid_and_has_no_warning(tmp_path, db):
    with GENERATOR_STATS.silence():
        call_command("spectacular", file=str(tmp_path / "schema.yml"), validate=True, fail_on_warn=True)
    assert (tmp_path / "schema.yml").stat().st_size > 10_000


def test_the_docs_page_is_served_from_here(page_of, therapist):
    answer = page_of(therapist).get("/api/docs/")
    assert answer.status_code == 200
    assert "cdn" not in answer.content.decode()
