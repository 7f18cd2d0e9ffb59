"""Every address the resolver knows: closed to strangers, changed by no GET, headers everywhere."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

ID = "00000000-0000-4000-8000-000000000000"
# Open on purpose: the way in, the health check, and patients' doors, which check a signed link themselves.
OPEN = {"healthz", "sign-in/", "sign-out/"}
PATIENT = ("l/", "p/")


def routes(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + simplified(entry)
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        elif isinstance(entry, URLPattern):
            yield path


def simplified(entry):
    text = str(entry.pattern)
    if not hasattr(entry.pattern, "converters") or text.startswith("^") or "(?P" in text:
        return regex_example(text)
    for name, converter in entry.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower()
        example = {"uuid": ID, "int": "1", "slug": "x", "str": "x", "string": "x", "path": "x"}[kind]
        for spelling in (f"<{kind}:{name}>", f"<str:{name}>", f"<{name}>", f"<uuid:{name}>", f"<slug:{name}>"):
            text = text.replace(spelling, example)
    return text


def regex_example(text):
    text = text.removeprefix("^").removesuffix("$").removesuffix("\\Z")
    while "(?P<" in text:
        start = text.index("(?P<")
        depth, end = 0, start
        for end in range(start, len(text)):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            if depth == 0:
                break
        inside = text[start : end + 1]
        text = text.replace(inside, "json" if "format" in inside else ID, 1)
    return text.replace("\\.", ".").replace("/?", "/").replace("\\", "")


ROUTES = sorted(set(routes()))


def is_open(path):
    return path in OPEN or path.startswith(PATIENT)


def test_the_walk_finds_the_routes():
    assert "patients/" in ROUTES
    assert f"api/v1/patients/{ID}/" in ROUTES
    assert len(ROUTES) > 60


@pytest.mark.django_db
@pytest.mark.parametrize("path", [path for path in ROUTES if not is_open(path)])
@pytest.mark.parametrize("method", ["get", "post", "patch", "put", "delete"])
def test_a_visitor_gets_nothing(client, path, method):
    answer = getattr(client, method)(f"/{path}", content_type="application/json")
    if answer.status_code == 302:
        assert answer.url.startswith("/sign-in/")
    else:
        assert answer.status_code in {401, 403, 404, 405}


@pytest.mark.django_db
@pytest.mark.parametrize("path", [path for path in ROUTES if path.startswith(PATIENT)])
def test_a_patients_door_without_a_link_shows_the_dead_link_page(client, path):
    answer = client.get(f"/{path}")
    assert answer.status_code in {200, 403, 404, 405, 410}
    assert "Ana" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ROUTES)
def test_headers_are_the_same_everywhere(client, path):
    answer = client.get(f"/{path}")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "strict-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Request-Id"]
