"""Django's registration of the room."""

from django.apps import AppConfig


class SalesConfig(AppConfig):
    """The sales room."""

    name = "regulars.sales"
    label = "sales"

    def ready(self) -> None:
        """Enter this room in the registries of personal data and of the audit."""
        from regulars.ledger import audit, merging  # noqa: PLC0415 - models load first
        from regulars.members import personal_data  # noqa: PLC0415 - models load first
        from regulars.sales import personal, store  # noqa: PLC0415 - models load first

        personal_data.register("sales", order=30, erase=store.erase, parts=personal.PARTS)
        merging.register("sales", merging.rows_of("sales_sale"))
        audit.register_documents("sale", table="sales_sale", worth="points")
        for name, sql in store.CHECKS.items():
            audit.register(name, sql)
