"""What comes in and goes out about API keys and the request log."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from regulars.api.rest.schemas import Exact, Incoming, Moment

Scope = Literal["read", "members", "counter", "campaigns", "settings"]
RpcFormat = Literal["xml", "xml_rooted", "json"]
Outcome = Literal["ok", "refused", "failed"]
Dialect = Literal["rest", "rpc"]

Scopes = Annotated[
    list[Scope], Field(max_length=5, description="What it may be used for; empty for everything")
]


class KeyOut(BaseModel):
    """A key, by its beginning."""

    id: int
    name: str
    prefix: str
    scopes: Scopes
    rpc_format: RpcFormat
    legacy_sso: bool = Field(description="Whether it signs members in by MD5")
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class KeyMade(KeyOut):
    """A new key, shown this once."""

    key: str


class KeyIn(Incoming):
    """A key to make."""

    name: Annotated[str, Field(examples=["Till at the harbour"])]
    scopes: Scopes = []
    rpc_format: RpcFormat = "xml"
    legacy_sso: Exact = False


class KeyPatch(Incoming):
    """What to change. `legacy_sso` can only be switched off; `PATCH /api/sso` switches it on."""

    name: str | None = None
    scopes: Scopes | None = None
    rpc_format: RpcFormat | None = None
    legacy_sso: Exact | None = None


class CallOut(BaseModel):
    """A call: a method and a path without its query, or a method of the RPC API."""

    id: int
    at: Moment
    api: Dialect
    method: str
    target: str
    outcome: Outcome
    status: int
    code: str = Field(description="The error's code; empty for a success")
    milliseconds: int
    key_id: int
    key_name: str
    address: str
