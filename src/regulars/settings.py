"""Django's settings. What an operator may change comes from the environment; see docs/settings.md."""

import os
import secrets
from pathlib import Path
from typing import Any

from regulars import logs, storage
from regulars.addresses import LOOPBACK_NAMES, in_url, lan_addresses
from regulars.environment import read
from regulars.rules import languages

_environment = read(os.environ)
_HERE = Path(__file__).resolve().parent

# Ours

REGULARS_DATA_DIR = _environment.data_dir
REGULARS_PUBLIC_URL = _environment.public_url
REGULARS_MICROSITE_DOMAIN = _environment.microsite_domain
LINKS_TO_MICROSITE_HOSTS = _environment.links_to_microsite_hosts
REGULARS_TRUSTED_PROXIES = list(_environment.trusted_proxies)
REGULARS_ALLOW_HTTP = _environment.allow_http
REGULARS_REGISTRATION = _environment.registration
REGULARS_REGISTRATION_PLAN = _environment.registration_plan
REGULARS_REDIS_URL = _environment.redis_url
REGULARS_WEBHOOK_NETWORKS = list(_environment.webhook_networks)
REGULARS_EMAIL_PER_MINUTE = _environment.email_per_minute
MAIL_PROVIDER = _environment.mail.provider
REGULARS_MAIL_REPORTS_SECRET = _environment.mail_reports_secret
TEXT_MESSAGES = _environment.sms

# Django's

DEBUG = False
# A command that only reads never makes a key; it signs nothing that must hold later.
SECRET_KEY = (
    _environment.secret_key or storage.kept_secret_key(_environment.data_dir) or secrets.token_urlsafe(48)
)
# Names are checked against this list; links are built from REGULARS_PUBLIC_URL, never from a request.
ALLOWED_HOSTS = list(
    dict.fromkeys(
        in_url(host)
        for host in (
            _environment.public_host,
            *LOOPBACK_NAMES,
            *(_environment.allowed_hosts or lan_addresses()),
        )
    )
)
# Names that are the installation itself, even below the domain of micro-sites.
OWN_HOSTS = frozenset(host for host in ALLOWED_HOSTS if not host.startswith((".", "*")))
if REGULARS_MICROSITE_DOMAIN:
    ALLOWED_HOSTS.append(f".{REGULARS_MICROSITE_DOMAIN}")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "regulars.lean.Flash",
    "django.contrib.staticfiles",
    # Before those whose templates we replace.
    "allauth",
    "regulars.lean.Accounts",
    "allauth.mfa",
    "allauth.usersessions",
    "unfold.apps.BasicAppConfig",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "regulars.lean.Tasks",  # loads ninja, too
    "ninja",
    "regulars.jobs",
    "regulars.tenants",
    "regulars.auditlog",
    "regulars.requestlog",
    "regulars.outbox",
    "regulars.members",
    "regulars.ledger",
    "regulars.catalog",
    "regulars.vouchers",
    "regulars.promotions",
    "regulars.sales",
    "regulars.scratchcards",
    "regulars.analytics",
    "regulars.messages",
    "regulars.campaigns",
    "regulars.portal",
    "regulars.counter",
    "regulars.web.office",
]

MIDDLEWARE = [
    "regulars.api.middleware.Gateway",
    "regulars.web.compression.Compression",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "regulars.web.microsite.hosts.Hosts",
    "regulars.web.door.Door",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "regulars.urls"
WSGI_APPLICATION = "regulars.wsgi.application"
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

TEMPLATES = [
    {
        "BACKEND": "regulars.templating.Templates",
        "NAME": "django",
        "DIRS": [_HERE / "templates", _HERE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {
                "office": "regulars.web.office.tags",
                "operator": "regulars.web.operator.tags",
            },
        },
    },
]
# Sessions, sign-in and messages are for pages of the back office alone: `regulars.web.door` has them.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410"]

# Static files come straight out of the installed packages, listed once at start: no collecting step.
STATIC_URL = "/static/"
STATICFILES_DIRS = [_HERE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 3600

# Database

_SQLITE_OPTIONS = {
    # A writer takes its lock at BEGIN, so two writers queue up instead of failing half way.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA busy_timeout=20000;"
        "PRAGMA journal_mode=WAL;"
        "PRAGMA synchronous=FULL;"  # an acknowledged write survives a power cut
        "PRAGMA foreign_keys=ON;"
        "PRAGMA cache_size=-16384;"  # KiB, for each connection
        "PRAGMA temp_store=MEMORY;"
        "PRAGMA journal_size_limit=67108864;"
    ),
}
# Transactions are short; one that idles for a minute has lost its process and holds locks.
_POSTGRESQL_GUARDS = "-c idle_in_transaction_session_timeout=60000"
_POSTGRESQL_OPTIONS = {
    "application_name": "regulars",
    "connect_timeout": "10",
    "server_side_binding": True,
    "prepare_threshold": 5,
}

_database = _environment.database
DATABASES: dict[str, dict[str, Any]]
if _database.engine == "sqlite":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _database.name,
            "CONN_MAX_AGE": None,
            "OPTIONS": _SQLITE_OPTIONS,
        },
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _database.name,
            "USER": _database.user,
            "PASSWORD": _database.password,
            "HOST": _database.host,
            "PORT": _database.port,
            # Each serving thread keeps its connection. Asking "are you alive" first would cost every request
            # a round trip; after a restart of the database one request a thread fails, the next reconnects.
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                **_POSTGRESQL_OPTIONS,
                **_database.options,
                # The address may carry its own server options; ours come first, so theirs win.
                "options": f"{_POSTGRESQL_GUARDS} {_database.options.get('options', '')}".strip(),
            },
        },
    }

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Whether calls of the API are written into the request log by themselves.
REQUEST_LOG_WRITER = True

# Work that happens by itself

TASKS = {"default": {"BACKEND": "regulars.jobs.backend.LeasedJobs", "QUEUES": []}}

# People

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["regulars.tenants.backends.StaffBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Signing in to the back office (django-allauth)

LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/office/"
LOGOUT_REDIRECT_URL = "/account/login/"
SESSION_COOKIE_NAME = "regulars_office"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
ACCOUNT_ADAPTER = "regulars.web.account.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# Addresses are confirmed and changed at pages of our own: see tenants/addresses.py.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Attempts are counted by us, exactly over all processes: see web/account/limits.py.
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "login": "regulars.web.account.forms.SignIn",
    "change_password": "regulars.web.account.forms.ChangePassword",
    "reauthenticate": "regulars.web.account.forms.Reauthenticate",
}
MFA_ADAPTER = "regulars.web.account.two_steps.Adapter"
MFA_FORMS = {
    "authenticate": "regulars.web.account.two_steps.EnterCode",
    "reauthenticate": "regulars.web.account.two_steps.EnterCodeAgain",
    "activate_totp": "regulars.web.account.two_steps.ActivateApp",
    "add_webauthn": "regulars.web.account.two_steps.AddKey",
    "edit_webauthn": "regulars.web.account.two_steps.NameKey",
}
# Where no mail is set up nobody could confirm an address, and the second step is worth more than that.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
CSRF_FAILURE_VIEW = "regulars.web.account.failure.forged"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Regulars"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _environment.tls
USERSESSIONS_TRACK_ACTIVITY = False

# The operator's admin (django-unfold)

UNFOLD = {
    "SITE_TITLE": "Operator",
    "SITE_HEADER": "Regulars",
    "SITE_SUBHEADER": "Operator",
    "SITE_SYMBOL": "storefront",
    "SITE_URL": "/office/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "regulars.web.operator.sidebar.icon"},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "12px",
    "STYLES": ["regulars.web.operator.sidebar.styles"],
    "SCRIPTS": ["regulars.web.operator.sidebar.script"],
    "COLORS": {
        "primary": {
            "50": "#f0fdfa",
            "100": "#ccfbf1",
            "200": "#99f6e4",
            "300": "#5eead4",
            "400": "#2dd4bf",
            "500": "#14b8a6",
            "600": "#0f766e",
            "700": "#115e59",
            "800": "#134e4a",
            "900": "#0b3b37",
            "950": "#042f2e",
        }
    },
    "SIDEBAR": {"navigation": "regulars.web.operator.sidebar.navigation"},
    "ACCOUNT": {"navigation": "regulars.web.operator.sidebar.account"},
}

# Time and language. Times are stored in UTC; a business's own zone decides what "today" is.

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = list(languages.LANGUAGES.items())
LOCALE_PATHS = [_HERE / "locale"]
FORMAT_MODULE_PATH = ["regulars.formats"]
USE_I18N = True

# Browsers

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _environment.tls
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [_environment.public_url] if _environment.tls else []
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A browser remembers this for a year, so never for names that only mean this machine.
SECURE_HSTS_SECONDS = 31_536_000 if _environment.tls and "." in _environment.public_host else 0

# E-mail

EMAIL_BACKEND = _environment.mail.backend
EMAIL_HOST = _environment.mail.host
EMAIL_PORT = _environment.mail.port
EMAIL_HOST_USER = _environment.mail.user
EMAIL_HOST_PASSWORD = _environment.mail.password
EMAIL_USE_TLS = _environment.mail.starttls
EMAIL_USE_SSL = _environment.mail.implicit_tls
EMAIL_TIMEOUT = 20
EMAIL_FILE_PATH = _environment.mail.folder or None
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _environment.mail_from
ANYMAIL = {**_environment.mail.options, "REQUESTS_TIMEOUT": (10, 20)}

LOGGING = logs.configure(_environment.log_level)
