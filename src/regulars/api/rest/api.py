"""The REST dialect put together."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.docs import Swagger
from ninja.openapi.schema import OpenAPISchema

from regulars import __version__
from regulars.api.rest import (
    branches,
    business,
    campaigns,
    counter,
    customers,
    errors,
    figures,
    messages,
    microsite,
    points,
    printing,
    scratch_cards,
    sso,
    stamps,
    team,
    transactions,
    webhooks,
)
from regulars.api.rest.auth import BearerKey, HeaderKey
from regulars.api.rest.parsing import JsonParser

_DESCRIPTION = """
Send your API key as `X-Api-Key` or as `Authorization: Bearer`. Success answers `{"data": ...}`, lists
add `"meta"`, errors answer `{"error": {"code", "message", "fields"}}`.
Every answer says in `X-RateLimit-Limit` and `X-RateLimit-Remaining` what is left of the minute, and 429
says in `Retry-After` when to come back. Send an `Idempotency-Key` with every write, so that a retry is safe.
"""


class _Api(NinjaAPI):
    """Describes itself once: a description takes a tenth of a second, and anybody may ask for it."""

    _description_made: OpenAPISchema | None = None

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The OpenAPI description. The API has one address, so the parameters are of no use here."""
        if self._description_made is None:
            self._description_made = super().get_openapi_schema()
        return self._description_made


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
    scratch_cards,
    messages,
    webhooks,
    counter,
    printing,
    sso,
    microsite,
):
    api.add_router("", _router.router)
