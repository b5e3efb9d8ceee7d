"""The OpenAPI description, as ninja makes it in a fifth of its time: every server makes it when it starts."""

from __future__ import annotations

from typing import Any, Literal

from ninja.openapi.schema import OpenAPISchema


class Description(OpenAPISchema):
    """Asks pydantic once for each model. Every call may be answered by the same few errors, and ninja wraps
    each answer of each call in a model of its own.
    """

    def _create_schema_from_model(
        self,
        model: Any,
        by_alias: bool = True,  # noqa: FBT001, FBT002 - as ninja has it
        remove_level: bool = True,  # noqa: FBT001, FBT002 - the same
        mode: Literal["validation", "serialization"] = "validation",
    ) -> tuple[dict[str, Any], bool]:
        fields = model.model_fields
        if not (remove_level and mode == "serialization" and list(fields) == ["response"]):
            return super()._create_schema_from_model(model, by_alias, remove_level, mode)
        known: dict[Any, tuple[dict[str, Any], bool]] = self.__dict__.setdefault("_known", {})
        key = (fields["response"].annotation, by_alias)
        if key not in known:
            known[key] = super()._create_schema_from_model(model, by_alias, remove_level, mode)
        return known[key]
