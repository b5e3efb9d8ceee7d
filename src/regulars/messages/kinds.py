"""The kinds of messages: when each goes out, to whom, in which words, and what its text may tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from regulars.messages.told import (
    MEMBER,
    RESET_URL,
    SERVICE,
    SIGN_IN_CHANGE,
    SIGN_IN_CONFIRM_URL,
    STAFF,
    VOUCHER,
    Placeholder,
)
from regulars.rules.errors import NotFound


@dataclass(frozen=True, slots=True)
class Button:
    """The one thing to do about a message; it leads to the value of a placeholder."""

    label: str
    target: str


@dataclass(frozen=True)
class Kind:
    """One kind. `to` is "member" or "staff"; `trigger` says when it goes out.

    What is `optional` can be switched off. Of what has `variants` there may be further texts with names. A
    `service` answers something that the customer did just now: it goes out whatever they said about offers,
    also when they are suspended, and has no link that says no to more. `short` is its text message.
    """

    name: str
    label: str
    to: str
    trigger: str
    subject: str
    body: str
    placeholders: tuple[Placeholder, ...]
    button: Button | None = None
    optional: bool = True
    variants: bool = False
    service: bool = False
    short: str = ""

    @cached_property
    def known(self) -> frozenset[str]:
        """The names of its placeholders."""
        return frozenset(placeholder.name for placeholder in self.placeholders)

    @cached_property
    def samples(self) -> dict[str, str]:
        """A value of each placeholder, for previews."""
        return {placeholder.name: placeholder.sample for placeholder in self.placeholders}

    def spoken(self, language: str) -> Kind:
        """The same kind with its words in a language."""
        return _spoken(self.name, language)


_CARD: Final = Button(_("Open your card"), "card_url")

_KINDS: Final = (
    Kind(
        "welcome",
        "Welcome",
        "member",
        "A customer gets a card (event member.enrolled).",
        _("Welcome to {business_name}"),
        _(
            "Hello {first_name|there},\n\n"
            "Welcome to {program_name}. Show your card at every visit: "
            "{stamps_required} stamps make a reward.\n"
            "Your reward: {program_reward}\n\n"
            "Your card is always at the address below. Keep this e-mail, or put the card on your home screen."
        ),
        MEMBER,
        _CARD,
    ),
    Kind(
        "birthday",
        "Birthday",
        "member",
        "The customer's birthday, from 8 in the morning in the time zone of the business.",
        _("Happy birthday, {first_name|dear guest}"),
        _(
            "Hello {first_name|there},\n\n"
            "Happy birthday from all of us at {business_name}.\n\n"
            "Come by and let us celebrate with you."
        ),
        MEMBER,
        _CARD,
    ),
    Kind(
        "reward_earned",
        "Reward earned",
        "member",
        "Stamps complete a reward (event reward.earned).",
        _("You have earned a reward: {reward}"),
        _(
            "Hello {first_name|there},\n\n"
            "Your card is full. Your reward waits for you at {business_name}: {reward}\n"
            "Rewards to redeem: {pending_rewards}\n\n"
            "Show your card at the counter."
        ),
        (
            *MEMBER,
            Placeholder("reward", "The reward as it was promised.", "Free coffee"),
            Placeholder("rewards_earned", "How many were earned at once.", "1"),
        ),
        _CARD,
    ),
    Kind(
        "voucher_issued",
        "Voucher issued",
        "member",
        "A customer gets a voucher (event voucher.issued).",
        _("A voucher for you: {voucher}"),
        _(
            "Hello {first_name|there},\n\n"
            "Here is a voucher for you from {business_name}: {voucher}\n\n"
            "{voucher_details}\n\n"
            "Your code:\n{voucher_codes}\n\n"
            "Worth: {voucher_value}\n"
            "Last day: {last_day}\n\n"
            "{voucher_instructions|Show this code at the counter.}"
        ),
        (
            *MEMBER,
            *VOUCHER,
            Placeholder("voucher_codes", "The codes, one or several.", "7HXK3MQPA9D", code=True),
            Placeholder(
                "voucher_instructions",
                "The voucher's own instructions; they may be empty.",
                "Not on Sundays.",
            ),
        ),
        _CARD,
        variants=True,
    ),
    Kind(
        "voucher_expiring",
        "Voucher expiring",
        "member",
        "Seven days before the last day of a voucher code that was not redeemed.",
        _("Your voucher ends on {last_day}: {voucher}"),
        _(
            "Hello {first_name|there},\n\n"
            "Your voucher for {voucher} can be used until {last_day}.\n\n"
            "Your code:\n{voucher_code}\n\n"
            "Worth: {voucher_value}\n\n"
            "We would be sorry if it went to waste."
        ),
        (*MEMBER, *VOUCHER, Placeholder("voucher_code", "The code.", "7HXK3MQPA9D", code=True)),
        _CARD,
    ),
    Kind(
        "scratch_card",
        "Scratch card",
        "member",
        "A scratch card is issued to a customer (event scratch_card.issued).",
        _("A scratch card for you from {business_name}"),
        _(
            "Hello {first_name|there},\n\n"
            "There is a scratch card for you: {scratch_campaign}\n"
            "Last day: {last_day}\n\n"
            "Scratch it and see what you have won."
        ),
        (
            *MEMBER,
            Placeholder("scratch_campaign", "What the scratch card is about.", "Summer Scratch"),
            Placeholder(
                "scratch_url",
                "The address of the scratch card.",
                "https://shop.example/scratch/4f",
                link=True,
            ),
            Placeholder("last_day", "The last day on which it counts; empty: no end.", "30 November 2026"),
        ),
        Button(_("Scratch it"), "scratch_url"),
    ),
    Kind(
        "your_card",
        "Your card",
        "member",
        "Somebody joins on the joining page: with a new e-mail address, or with that of a customer, who then "
        "says whether it was them.",
        _("Your card at {business_name}"),
        _(
            "Hello,\n\n"
            "Somebody, probably you, asked for a card at {business_name} with your address. "
            "Press the button and say that it was you. The link works once, and for seven days.\n\n"
            "Your card is always here:\n{card_url}\n\n"
            "If it was not you, say so behind the same button, or do nothing: nobody sees anything of yours."
        ),
        (
            *SERVICE,
            Placeholder(
                "open_url",
                "Where the customer says that it was them.",
                "https://shop.example/l/7f",
                link=True,
            ),
        ),
        Button(_("Open your card"), "open_url"),
        optional=False,
        service=True,
        short=_("{business_name}: somebody asked for a card with your number. Was it you? {open_url}"),
    ),
    Kind(
        "confirm_email",
        "Confirm the address",
        "member",
        "A customer asks for offers by e-mail, and the business wants addresses confirmed first; or they "
        "change their address. In the latter case it knows the new address, nothing else.",
        _("Please confirm your address"),
        _(
            "Hello,\n\n"
            "Please confirm that {email} is your address, so that {business_name} can write to you there. "
            "The link works once, and for seven days.\n\n"
            "Your card is always here: {card_url}\n\n"
            "If you did not ask for this, say so behind the same button: "
            "then nobody writes to this address any more."
        ),
        (
            *SERVICE,
            Placeholder("email", "The address to be confirmed.", "nora@example.com"),
            Placeholder(
                "confirm_url", "Where the address is confirmed.", "https://shop.example/l/7f", link=True
            ),
        ),
        Button(_("Confirm this address"), "confirm_url"),
        optional=False,
        service=True,
    ),
    Kind(
        "sign_in_link",
        "Link for signing in",
        "member",
        "A customer wants to sign in at the micro-site.",
        _("Sign in at {business_name}"),
        _(
            "Hello {first_name|there},\n\n"
            "Sign in at {business_name} with the button below. The link works once, and for half an hour.\n\n"
            "If you did not ask for this, do nothing: nobody can sign in without this message."
        ),
        (
            *SERVICE,
            Placeholder(
                "sign_in_url", "Where the customer signs in.", "https://shop.example/l/7f", link=True
            ),
        ),
        Button(_("Sign in"), "sign_in_url"),
        optional=False,
        service=True,
        short=_("{business_name}: sign in here, within half an hour: {sign_in_url}"),
    ),
    Kind(
        "email_changed",
        "Address changed",
        "member",
        "A customer has changed their e-mail address. It goes to the old one, and knows their name, nothing "
        "else.",
        _("Your address at {business_name} was changed"),
        _(
            "Hello {first_name|there},\n\n"
            "Your card at {business_name} has another e-mail address now. From now on messages, and links "
            "for signing in, go to the new one.\n\n"
            "If it was you, all is well. If it was not, tell {business_name} at once, at the counter or by "
            "phone: there they can put your address back."
        ),
        SERVICE,
        optional=False,
        service=True,
    ),
    Kind(
        "staff_invitation",
        "Invitation to the team",
        "staff",
        "Somebody is added to the team, or gets another e-mail address. Whoever added them sees the "
        "temporary password too, whether or not this is sent.",
        _("You are on the team of {business_name}"),
        _(
            "Hello {name},\n\n"
            "{business_name} has added you to its team. Sign in with:\n\n"
            "E-mail:\n{email}\n\n"
            "Temporary password:\n{temp_password}\n\n"
            "It works for seven days, and you choose your own password when you first sign in."
        ),
        (
            *STAFF,
            Placeholder("temp_password", "The temporary password.", "b3f9a2c1d4e5", code=True),
            Placeholder("sign_in_url", "Where to sign in.", "https://shop.example/", link=True),
        ),
        Button(_("Sign in"), "sign_in_url"),
    ),
    Kind(
        "password_reset",
        "Password reset",
        "staff",
        "Somebody on a team has forgotten their password.",
        _("Choose a new password"),
        _(
            "Hello {name|there},\n\n"
            "Somebody, probably you, asked for a new password for {email}. Choose it with the button below. "
            "The link works once, and for one hour.\n\n"
            "If it was not you, do nothing: your password stays as it is."
        ),
        (*STAFF, RESET_URL),
        Button(_("Choose a new password"), "reset_url"),
        optional=False,
    ),
    Kind(
        "confirm_sign_in",
        "Confirm the address for signing in",
        "staff",
        "Somebody on a team wants to sign in with another e-mail address, or to confirm theirs. It goes to "
        "that address.",
        _("Please confirm your address for signing in"),
        _(
            "Hello {name|there},\n\n"
            "Somebody, probably you, wants to sign in at {business_name} with {email}. "
            "Confirm with the button below that it is your address. The link works for three days.\n\n"
            "If it was not you, do nothing: nothing changes without it."
        ),
        (*STAFF, SIGN_IN_CONFIRM_URL),
        Button(_("Confirm this address"), "confirm_url"),
        optional=False,
    ),
    Kind(
        "sign_in_changed",
        "Change to how somebody signs in",
        "staff",
        "The password, the address or the second step of somebody on a team was changed.",
        _("Something was changed about how you sign in"),
        _(
            "Hello {name|there},\n\n"
            "Something was changed about how you sign in with {email}:\n{change}\n\n"
            "If it was you, all is well. If it was not, choose a new password at once and end all other "
            "sessions."
        ),
        (*STAFF, *SIGN_IN_CHANGE),
        Button(_("Look at it"), "security_url"),
        optional=False,
    ),
    Kind(
        "campaign",
        "Campaign",
        "member",
        "A campaign is sent. Its words are the campaign's own.",
        "",
        "",
        MEMBER,
        _CARD,
    ),
)

_SAID: Final = ("subject", "body", "short")
KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in _KINDS}
CAMPAIGN: Final = KINDS["campaign"]
# Those whose words a business keeps here; a campaign brings its own.
AUTOMATIC: Final[dict[str, Kind]] = {name: kind for name, kind in KINDS.items() if name != CAMPAIGN.name}


@cache
def _spoken(name: str, language: str) -> Kind:
    kind = KINDS[name]
    with translation.override(language):
        said: dict[str, Any] = {
            field: gettext(text) if (text := getattr(kind, field)) else "" for field in _SAID
        }
        button = kind.button and replace(kind.button, label=gettext(kind.button.label))
    return replace(kind, **said, button=button)


def automatic(name: str) -> Kind:
    """An automatic kind by its name.

    Raises:
        NotFound: there is no such kind.
    """
    kind = AUTOMATIC.get(name)
    if kind is None:
        raise NotFound(f"There is no kind of message {name!r}. There are: {', '.join(AUTOMATIC)}.")
    return kind
