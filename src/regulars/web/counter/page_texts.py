"""What the counter's scripts say. What stands in the page itself is in its templates.

A text with `{n}` has a form for one and a form for many; `{name}` and the like are filled in by the page.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Texts = dict[str, str | dict[str, str]]


def texts() -> Texts:
    """All of them, in the language that is spoken now."""
    return {**_general(), **_giving(), **_outcomes(), **_trouble()}


def _forms(say: Callable[[int], str]) -> dict[str, str]:
    """The form for one and the form for many of a text that counts."""
    return {"one": say(1), "other": say(2)}


def _general() -> Texts:
    return {
        "on": _("On"),
        "off": _("Off"),
        "sign_out": _("Sign out"),
        "somebody_else": _("Somebody else takes over"),
        "no_branch": _("No branch chosen"),
        "reason": _("Reason"),
        "erase": _("Delete the last digit"),
        "unknown_card": _("New to this device"),
        "as_of": _("No network. This is as of {when}."),
        "not_seen_before": _("No network. What you give is kept here and sent when it is back."),
        "new_here": _("First visit"),
        "last_visit": _("Last visit {when}"),
        "of": _("{n} of {goal}"),
        "points_word": _forms(lambda n: ngettext("point", "points", n)),
        "visits": _forms(lambda n: ngettext("{n} visit", "{n} visits", n)),
        "digits_entered": _forms(lambda n: ngettext("{n} digit entered", "{n} digits entered", n)),
        "times": _("{n} times"),
        "stamps_tab": _("Stamps"),
        "points_tab": _("Points"),
        "sale_tab": _("Purchase"),
        "this_device": _("This device"),
        "last_used": _("Last used {when}"),
        "code_until": _("The code can be used until {when}, by one device."),
        "end_device": _("End"),
        "sure_of_device": _("Tap again to end"),
        "end_what": _("End {what}"),
    }


def _giving() -> Texts:
    return {
        "give_stamps": _forms(lambda n: ngettext("Give {n} stamp", "Give {n} stamps", n)),
        "give_points": _forms(lambda n: ngettext("Give {n} point", "Give {n} points", n)),
        "stamps": _forms(lambda n: ngettext("{n} stamp", "{n} stamps", n)),
        "points": _forms(lambda n: ngettext("{n} point", "{n} points", n)),
        "enter_amount": _("Enter the amount of the purchase"),
        "enter_points": _("Enter the points"),
        "record_sale": _("Record {amount}"),
        "sale_of": _("Purchase of {amount}"),
        "at_least": _("At least {amount}"),
        "at_most": _("At most {n}"),
        "then": _("then {what}"),
        "redeem_what": _("Redeem {what}"),
        "undo_what": _("Undo {what}"),
        "new_card": _("Give them a new card code"),
        "new_card_is": _("New card"),
        "give_card_to": _("Give this card to {name}?"),
        "give_it_to": _("Give it to {name}"),
        "sure_of_card": _("The old card stops working. Tap again to go on."),
        "new_member_is": _("{name} is a member"),
        "nothing_here": _(
            "There is nothing to give here. An owner chooses in the back office, under Settings, Counter, "
            "how points are given."
        ),
        "nothing_at_all": _(
            "There is nothing to give here, because neither stamps nor points are collected. An owner "
            "chooses that in the back office, under Programme."
        ),
        "name_and_contact": _("Enter a name, and a phone number or an e-mail address."),
    }


def _outcomes() -> Texts:
    return {
        "for_name": _("for {name}"),
        "from_name": _("redeemed for {name}"),
        "reward_earned": _forms(lambda n: ngettext("A reward: {reward}!", "{n} rewards: {reward}!", n)),
        "balance": _forms(lambda n: ngettext("{n} point in all", "{n} points in all", n)),
        "code_is": _("The code is {code}"),
        "scan_to_scratch": _("Let them scan this to scratch"),
        "scan_to_open": _("Let them scan this to open their card"),
        "card_scanned": _("Card scanned"),
        "kept": _("Kept on this device. It is sent by itself when the network is back."),
        "undone": _("Undone"),
        "not_undone": _("Not undone"),
        "not_done": _("Nothing was done"),
        "nobody_knows": _("Nobody knows yet whether it worked"),
        "done_after_all": _("{what}: it was done after all."),
        "sent": _forms(lambda n: ngettext("{n} kept action was sent", "{n} kept actions were sent", n)),
        "waiting": _forms(lambda n: ngettext("{n} waits", "{n} wait", n)),
        "waiting_here": _forms(
            lambda n: ngettext(
                "{n} action for this member is kept here", "{n} actions for this member are kept here", n
            )
        ),
        "kept_here": _forms(
            lambda n: ngettext(
                "{n} action is kept on this device. It is sent when somebody signs in.",
                "{n} actions are kept on this device. They are sent when somebody signs in.",
                n,
            )
        ),
        "kept_elsewhere": _forms(
            lambda n: ngettext(
                "{n} action of another shop is kept on this device. It is sent when that shop signs in.",
                "{n} actions of another shop are kept on this device. They are sent when that shop signs in.",
                n,
            )
        ),
        "were_refused": _forms(
            lambda n: ngettext(
                "{n} kept action was refused: see why", "{n} kept actions were refused: see why", n
            )
        ),
        "try_again": _("Try again"),
        "send_as_now": _("Send as now"),
        "being_sent": _("Is being sent"),
        "waits_for_network": _("Waits for the network"),
    }


def _trouble() -> Texts:
    return {
        "offline": _("Offline"),
        "offline_waiting": _forms(lambda n: ngettext("Offline, {n} waits", "Offline, {n} wait", n)),
        "offline_said": _("No network. Stamps and points are kept on this device and sent later."),
        "online_again": _("The network is back"),
        "signed_out": _(
            "You were signed out here. Sign in again; when that is refused, ask the owner of the shop."
        ),
        "device_removed": _(
            "This device is no counter any more: the owner has removed it. A new code makes it one again."
        ),
        "card_of": _("This is the card of {name}. The form is kept: close it to go to them."),
        "card_not_free": _("This is not a card that a new member can get. The form is kept."),
        "needs_network": _("This needs the network, and it is not there. Try again in a moment."),
        "redeem_needs_network": _(
            "Redeeming needs the network, and it is not there. Nothing is lost: try again when it is back."
        ),
        "no_answer": _("No answer came. Try again: it is done only once, however often you ask."),
        "cannot_keep": _("This device cannot keep it: its storage is full or switched off. Write it down."),
        "went_wrong": _("Something went wrong on our side. Try again."),
        "camera_refused": _(
            "The camera is not allowed here. Allow it in the browser's settings for this page."
        ),
        "camera_failed": _("The camera did not start. Another app may be using it."),
        "reader_failed": _("The reader of codes did not come over the network. Type the code, or try again."),
        "camera_lost": _("The camera was taken away or unplugged."),
        "no_place": _("Your position was not found. Choose the branch from the list."),
    }
