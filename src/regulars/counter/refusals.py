"""Why the counter says no, beyond what the rooms below it refuse."""

from __future__ import annotations

from regulars.rules.errors import Conflict, Refusal, TooManyRequests


class NotSignedIn(Refusal):
    """Nobody is signed in: the session has ended, or whose it was may not work here any more."""

    code = "not_signed_in"


class WrongLogin(Refusal):
    """E-mail address and password do not belong together."""

    code = "wrong_login"


class WrongPin(Refusal):
    """It is not this operator's PIN. Details: `tries_left`."""

    code = "wrong_pin"


class PinClosed(TooManyRequests):
    """There were too many wrong PINs. Details: `retry_after`, in seconds."""

    code = "pin_closed"


class ChooseBusiness(Conflict):
    """Somebody works for several businesses. Details: `businesses`, each with `id` and `name`."""

    code = "choose_business"


class PasswordMustChange(Conflict):
    """The password is a temporary one, and a new one has to be chosen first."""

    code = "password_must_change"


class InvitationOpen(Conflict):
    """The business has invited somebody who has not accepted yet, with the temporary password."""

    code = "invitation_open"


class CodeNeeded(Conflict):
    """The password is right, and there is a second step.

    Details: `codes`, what they can type: "app" (or a recovery code), "recovery" (only that), or "none".
    """

    code = "code_needed"


class WrongCode(Refusal):
    """It is not the code from their app, nor an unused recovery code."""

    code = "wrong_code"


class NotAllowed(Refusal):
    """This operator may not do it."""

    code = "not_allowed"


class BranchClosed(Conflict):
    """The branch was closed meanwhile."""

    code = "branch_closed"


class BranchFixed(Conflict):
    """The device or the operator belongs to one branch."""

    code = "branch_fixed"


class LimitReached(Conflict):
    """The member was served as often as the limits allow. Details: `again_at`, None when not foreseen."""

    code = "limit_reached"


class ClientIdReused(Conflict):
    """The same client id came with something else."""

    code = "client_id_reused"


class NeedsNetwork(Conflict):
    """What was done without a network cannot be done so."""

    code = "needs_network"


class TooOld(Conflict):
    """It waited for the network for too long."""

    code = "too_old"


class ButtonChanged(Conflict):
    """The button is not there any more, or gives something else now."""

    code = "button_changed"


class CardUnconfirmed(Conflict):
    """It is the card of somebody who says to be a member; nobody has confirmed that yet."""

    code = "card_unconfirmed"


class SeveralMembers(Conflict):
    """What was typed fits several members."""

    code = "several_members"


class OtherRewardFirst(Conflict):
    """Another reward has waited for longer than the one that was asked for. Details: `reward`, its text."""

    code = "other_reward_first"


class CannotUndo(Conflict):
    """This is not undone at the counter. Details: `why`, a word for the page."""

    code = "cannot_undo"


class TooLate(Conflict):
    """The time for undoing it at the counter is over."""

    code = "too_late"
