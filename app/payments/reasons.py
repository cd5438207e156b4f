"""Why a bank said no, in words; Stripe's codes mean nothing to a reader."""

from __future__ import annotations

from app.core.i18n import gettext as _


def in_words(code: str | None) -> str:
    """The sentence for a failure or decline code; an unknown one is what the bank did not say."""
    words = {
        "insufficient_funds": _("Not enough money"),
        "card_declined": _("The bank did not allow it"),
        "generic_decline": _("The bank did not allow it"),
        "do_not_honor": _("The bank did not allow it"),
        "transaction_not_allowed": _("The card may not be used for this"),
        "expired_card": _("The card has expired"),
        "incorrect_number": _("The card number is not right"),
        "incorrect_cvc": _("The security code is not right"),
        "invalid_cvc": _("The security code is not right"),
        "lost_card": _("The bank has blocked the card"),
        "stolen_card": _("The bank has blocked the card"),
        "pickup_card": _("The bank has blocked the card"),
        "authentication_required": _("The bank wants a confirmation"),
        "payment_intent_authentication_failure": _("The bank wants a confirmation"),
        "processing_error": _("The bank could not be reached"),
        "issuer_not_available": _("The bank could not be reached"),
        "debit_not_authorized": _("The bank account did not allow it"),
    }
    return words.get(code or "", _("The bank did not say"))
