"""The REST dialect put together."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger
from ninja.responses import NinjaJSONEncoder

from regulars import __version__
from regulars.api.rest import (
    branches,
    business,
    campaigns,
    counter,
    customers,
    errors,
    figures,
    groups,
    keys,
    merging,
    messages,
    microsite,
    points,
    printing,
    region,
    reports,
    request_log,
    scopes,
    scratch_batches,
    scratch_cards,
    sso,
    stamps,
    team,
    transactions,
    webhooks,
)
from regulars.api.rest.auth import BearerKey, HeaderKey
from regulars.api.rest.description import Description
from regulars.api.rest.parsing import JsonParser

_DESCRIPTION = """
Send your API key as `X-Api-Key` or as `Authorization: Bearer`. Success answers `{"data": ...}`, lists
add `"meta"`, errors answer `{"error": {"code", "message", "fields"}}`.
Every answer says in `X-RateLimit-Limit` and `X-RateLimit-Remaining` what is left of the minute, and 429
says in `Retry-After` when to come back. Send an `Idempotency-Key` with every write, so that a retry is safe.
"""


class _Api(NinjaAPI):
    """Describes itself once, as text: that takes a second and megabytes, and anybody may ask for it."""

    _description = b""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> Description:
        """The OpenAPI description, made anew."""
        return Description(
            self, self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        )

    def made_description(self) -> bytes:
        """The OpenAPI description in JSON, made anew."""
        return json.dumps(self.get_openapi_schema(), cls=NinjaJSONEncoder).encode()

    def keep_description(self, description: bytes) -> None:
        """Answer with this one from now on."""
        self._description = description

    def describe(self, request: HttpRequest) -> HttpResponse:
        """The OpenAPI description."""
        if not self._description:
            self.keep_description(self.made_description())
        return HttpResponse(self._description, content_type="application/json")

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        # Before the one that describes it anew every time.
        return [path("openapi.json", self.describe, name="openapi-json"), *super()._get_urls()]


api = _Api(
    title="Regulars REST API",
    version=__version__,
    description=_DESCRIPTION,
    auth=[HeaderKey(), BearerKey()],
    parser=JsonParser(),
    # The validator badge would ask another host.
    docs=Swagger(settings={"validatorUrl": None, "persistAuthorization": False}),
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="rest",
)
errors.install(api)
# The busiest first: addresses are tried in this order.
for _router in (
    stamps,
    customers,
    business,
    figures,
    transactions,
    team,
    branches,
    points,
    campaigns,
    groups,
    merging,
    scratch_cards,
    scratch_batches,
    messages,
    webhooks,
    counter,
    printing,
    sso,
    microsite,
    region,
    keys,
    request_log,
    reports,
):
    api.add_router("", _router.router)
scopes.install(api)
