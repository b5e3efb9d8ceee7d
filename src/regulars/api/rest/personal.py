"""The form of all that is kept about a customer, made from the registry of personal data."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from regulars.api.rest.schemas import Data
from regulars.members import personal_data
from regulars.members.personal_data import Part


def _form(part: Part) -> Any:
    rows = (dict[str, Any] | None) if part.one else list[dict[str, Any]]
    return Annotated[rows, Field(description=part.about)]


class _Head(BaseModel):
    business: Annotated[str, Field(description="The name of the business")]
    customer_id: int
    made_at: Annotated[str, Field(description="As of when it is, in UTC")]
    about: Annotated[dict[str, str], Field(description="What each of the following parts is, in a sentence")]


_parts: dict[str, Any] = {part.key: (_form(part), ...) for part in personal_data.parts()}
_enveloped: Any = Data
CUSTOMER_DATA: Any = _enveloped[
    create_model(
        "CustomerData", __base__=_Head, __doc__="Everything that is kept about a customer.", **_parts
    )
]
