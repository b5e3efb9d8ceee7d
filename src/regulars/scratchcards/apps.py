"""Django's registration of the room."""

from django.apps import AppConfig

# Each prize counts its cards, in each step of their lives, those of erased members too.
_COUNTS = """
SELECT NULL, p.business_id, p.{column}, p.erased_{column} + COALESCE(c.number, 0) FROM scratchcards_prize p
LEFT JOIN (SELECT prize_id, COUNT({counted}) AS number FROM scratchcards_scratchcard GROUP BY prize_id) c
    ON c.prize_id = p.id
WHERE p.{column} <> p.erased_{column} + COALESCE(c.number, 0)"""
_COUNTED = {"issued": "*", "revealed": "revealed_at", "redeemed": "redeemed_at"}


class ScratchcardsConfig(AppConfig):
    """The scratchcards room."""

    name = "regulars.scratchcards"
    label = "scratchcards"

    def ready(self) -> None:
        """Enter this room wherever rooms are called: erasure, the audit."""
        from regulars.ledger import audit, merging  # noqa: PLC0415 - models load first
        from regulars.members import personal_data  # noqa: PLC0415 - models load first
        from regulars.scratchcards import cards, personal  # noqa: PLC0415 - models load first

        personal_data.register("scratchcards", order=10, erase=cards.erase_member, parts=personal.PARTS)
        merging.register("scratchcards", merging.rows_of("scratchcards_scratchcard"))
        for column, counted in _COUNTED.items():
            audit.register(
                f"scratch cards {column} of each prize", _COUNTS.format(column=column, counted=counted)
            )
