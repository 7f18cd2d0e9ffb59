"""Production settings: everything that differs between clinics comes from the environment.

A missing variable stops the start with its name; see docs/operations.md for the list.
"""

from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from clinic.settings import environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent

SECRET_KEY = environment.required("SECRET_KEY")
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS")
# Where patients reach us: the start of every signed link.
SITE_URL = environment.required("SITE_URL").rstrip("/")
CLINIC_NAME = environment.optional("CLINIC_NAME", "Fascia Clinic")
# A folder with further fonts for printed documents, for names the fonts inside the typesetter have no signs for.
DOCUMENT_FONTS_ROOT = environment.optional("DOCUMENT_FONTS_ROOT", "")
DEBUG = False

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "audit.apps.AuditConfig",
    "clinic.apps.ClinicConfig",
    "staff.apps.StaffConfig",
    "patients.apps.PatientsConfig",
    "messaging.apps.MessagingConfig",
    "questionnaires.apps.QuestionnairesConfig",
    "screening.apps.ScreeningConfig",
    "scheduling.apps.SchedulingConfig",
    "outcomes.apps.OutcomesConfig",
    "sessions.apps.TreatmentSessionsConfig",
    "reports.apps.ReportsConfig",
    "demo.apps.DemoConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "audit.middleware.AuditContextMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "staff.middleware.SessionLimitsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "clinic.core.http.ClinicErrorMiddleware",
    "clinic.core.http.NoStoreMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "clinic" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "clinic.core.http.clinic_context",
                "staff.navigation.navigation",
            ],
        },
    },
]

DATABASES = {"default": environment.database(environment.required("DATABASE_URL"))}
DATABASES["default"]["ATOMIC_REQUESTS"] = False

AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["staff.backends.ActiveStaffBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "given_name", "family_name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "staff:sign-in"
LOGIN_REDIRECT_URL = "staff:home"
LOGOUT_REDIRECT_URL = "staff:sign-in"

# Server-side limits of a signed-in session (staff.middleware enforces both).
SESSION_IDLE_SECONDS = 15 * 60
SESSION_ABSOLUTE_SECONDS = 12 * 60 * 60
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "clinic.core.http.csrf_failure"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_CONTENT_TYPE_NOSNIFF = True
# Only the host, never a path that may hold a token. "no-referrer" would also null the Origin header
# that the CSRF check of every form needs.
SECURE_REFERRER_POLICY = "strict-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

STATIC_URL = "static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Exports live here, never under a public address; web and worker share it.
PRIVATE_FILES_ROOT = Path(environment.required("PRIVATE_FILES_ROOT"))

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "staff.authentication.ApiTokenAuthentication",
        "staff.authentication.StaffSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["staff.permissions.IsStaffMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["clinic.core.parsers.ClinicJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "clinic.core.api.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [],
    "EXCEPTION_HANDLER": "clinic.core.http.api_exception_handler",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Clinic API",
    "DESCRIPTION": "Patients, screening, booking, sessions, outcomes and audit of a myofascial-release clinic.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["staff.permissions.IsStaffMember"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "clinic.core.schema.add_common_parts",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # Fields of one name with different choices.
    "ENUM_NAME_OVERRIDES": {
        "ConditionSideEnum": "patients.models.Side",
        "ConsentKindEnum": "patients.models.ConsentKind",
        "EarlierTreatmentKindEnum": "patients.models.EarlierTreatmentKind",
        "ImportKindEnum": "patients.models.ImportKind",
        "MessageStateEnum": "messaging.models.MessageState",
        "SurveyStateEnum": "outcomes.models.SurveyState",
        "PainMomentEnum": "outcomes.models.Moment",
        "MeasureMomentEnum": "outcomes.models.MeasureMoment",
        "PermittedModeEnum": "outcomes.models.PermittedMode",
        "AdministrationEnum": "outcomes.models.Administration",
        "RegionalPainKindEnum": "sessions.models.PainKind",
        "CarriedKindEnum": "sessions.writing_serializers.CARRIED_KINDS",
        "ExportStateEnum": "reports.models.ExportState",
        "ExportKindEnum": "reports.models.ExportKind",
        "AllergySeverityEnum": "patients.serializers.SEVERITIES",
        "FlagSeverityEnum": "screening.models.Severity",
        "FlagUrgencyEnum": "screening.models.Urgency",
        "FlagStatusEnum": "screening.models.FlagStatus",
        "QuestionnaireStatusEnum": "questionnaires.models.QuestionnaireStatus",
        "ResponseStatusEnum": "questionnaires.models.ResponseStatus",
        "WeekdayEnum": "scheduling.models.Weekday",
        "VacancyModeEnum": "scheduling.models.VacancyMode",
        "MotionModeEnum": "sessions.models.MotionMode",
        "TriggerPointStatusEnum": "sessions.models.PointStatus",
        "BodySideEnum": "sessions.models.BodySide",
        "AdverseEventKindEnum": "sessions.models.EventKind",
        "AdverseEventOutcomeEnum": "sessions.models.EventOutcome",
        "AllergyCategoryEnum": "patients.models.AllergyCategory",
        "StaffCancelReasonEnum": "scheduling.serializers.appointments.STAFF_REASONS",
        "EpisodeCloseReasonEnum": "sessions.models.CloseReason",
        "ChaperoneAnswerEnum": "sessions.models.ChaperoneAnswer",
        "ConsentAnswerEnum": "sessions.models.ConsentAnswer",
        "CarnesSeverityEnum": "sessions.models.CarnesSeverity",
        "SessionStateEnum": "sessions.models.SessionState",
        "AppointmentStatusEnum": "scheduling.models.AppointmentStatus",
    },
}

REDIS_URL = environment.required("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL
# A killed worker's task comes back after the visibility timeout; kombu's default sweep would add 100 s.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 540
CELERY_TASK_SOFT_TIME_LIMIT = 480
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_TIMEZONE = "UTC"
_TICK = environment.whole_number("TICK_SECONDS", default=60)
# One tick a minute each; what is due is decided by rows and the database's clock, so a missed or
# doubled tick changes nothing.
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": float(_TICK), "options": {"expires": _TICK}}
    for name in (
        "scheduling.queue_reminders",
        "scheduling.pass_on_offers",
        "scheduling.ask_for_changes",
        "scheduling.ask_for_screening",
        "outcomes.queue_surveys",
        "messaging.dispatch_due",
        "screening.screen_changed",
        "reports.expire_exports",
        "audit.seal",
    )
}

# How long before a visit its reminders go out, and how long after a session the follow-up question.
APPOINTMENT_REMINDER_MINUTES = environment.whole_numbers("APPOINTMENT_REMINDER_MINUTES", default=[24 * 60])
# How long before a visit the patient is asked what has changed; the answer counts for 72 hours.
CHANGE_CHECK_MINUTES = environment.whole_number("CHANGE_CHECK_MINUTES", default=48 * 60)
# How many days before a visit a patient whose screening will be older than 180 days then is asked to answer it anew.
RESCREEN_LEAD_DAYS = environment.whole_number("RESCREEN_LEAD_DAYS", default=10)
SURVEY_DELAY_MINUTES = environment.whole_number("SURVEY_DELAY_MINUTES", default=24 * 60)
# A report never shows a count of fewer people than this (5 is the least it accepts).
REPORT_MINIMUM_CELL = environment.whole_number("REPORT_MINIMUM_CELL", default=5)

# "smtp" or "local"; local keeps messages in the database and shows them on the outbox page.
EMAIL_PROVIDER = environment.optional("EMAIL_PROVIDER", "smtp")
EMAIL_HOST = environment.optional("EMAIL_HOST", "localhost")
EMAIL_PORT = environment.whole_number("EMAIL_PORT", default=25)
EMAIL_HOST_USER = environment.optional("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = environment.optional("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = environment.flag("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.optional("DEFAULT_FROM_EMAIL", "clinic@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Its messages quote the address asked for, and an address can hold a link's token.
        "django.request": {"handlers": [], "level": "CRITICAL", "propagate": False},
        "django.security.csrf": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
