"""What is true of a shop after whatever happened in it: its books, its figures and a plain model agree."""

from __future__ import annotations

import os

from django_scopes import scope
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition

from regulars.analytics.audit import audit
from regulars.ledger.models import Card, Entry, Lot
from tests.analytics.recount import Recount
from tests.factories import Shop
from tests.ledger import pencil

LONG = bool(os.environ.get("SOAK"))


class Books(RuleBasedStateMachine):
    """A shop, and what somebody with a pencil knows of its cards."""

    shop: Shop
    recount: Recount
    model: dict[int, pencil.Card]

    @invariant()
    def figures_equal_a_recount(self) -> None:
        """At every moment, rolled up or not."""
        self.recount.check(7)

    @precondition(lambda _: LONG)  # it is made of forty statements; otherwise at the end of each history
    @invariant()
    def totals_equal_entries_and_lots(self) -> None:
        """By the product's own audit."""
        report = audit()
        assert report.ok, report.differences

    @invariant()
    def cards_equal_the_model(self) -> None:
        """All of them, not only the one just changed."""
        with scope(business=self.shop.business):
            stored = {card.pk: card for card in Card.objects.all()}
        assert stored.keys() == self.model.keys()
        for key, card in stored.items():
            known = self.model[key]
            assert (card.stamps, card.total_stamps, card.total_visits) == (
                known.stamps,
                known.all_stamps,
                len(known.visits),
            )
            assert card.last_visit_at == max(known.visits, default=None)
            assert (card.pending_rewards, card.rewards_redeemed) == (len(known.waiting), len(known.redeemed))
            assert card.points == known.balance
            assert card.version == known.changes

    @invariant()
    def lots_and_documents_equal_the_model(self) -> None:
        """Which points are left, and what could not be taken back."""
        left: dict[int, list[int]] = {key: [] for key in self.model}
        short: dict[tuple[int, str], int] = {}
        with scope(business=self.shop.business):
            for card, remaining in Lot.objects.order_by("id").values_list("card_id", "remaining"):
                left[card].append(remaining)
            entries = Entry.objects.filter(source__isnull=False)
            for card, source, shortfall in entries.values_list("card_id", "source", "shortfall"):
                short[card, str(source)] = short.get((card, str(source)), 0) + shortfall
        assert left == {key: [lot.left for lot in known.lots] for key, known in self.model.items()}
        assert short == {
            (key, source): document.short
            for key, known in self.model.items()
            for source, document in known.documents.items()
        }
