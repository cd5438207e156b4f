"""The numbers that can be typed on the sandbox's payment page, and what each of them does.

Source of the numbers: Stripe, "Test cards" and "Test IBANs".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b

from app.sandbox.acting import ALPHABET
from app.sandbox.errors import RequestFailed


@dataclass(frozen=True)
class Instrument:
    """A card or bank account: what it is, and how charges on it end.

    ``outcome`` is "pays", "challenge" (3-D Secure first), "pays_later", "fails_later" (bank
    debits), or the decline code of a card that is refused.
    """

    number: str
    outcome: str
    type: str = "card"
    brand: str = "visa"
    country: str = "US"
    exp_month: int = 12
    exp_year: int = 2034

    @property
    def fingerprint(self) -> str:
        """The same for the same number, as Stripe gives it."""
        digest = blake2b(self.number.encode(), digest_size=16).digest()
        return "".join(ALPHABET[byte % 62] for byte in digest)


@dataclass(frozen=True)
class Refusal:
    """Why a payment did not go through: Stripe's code, decline code, advice and message."""

    code: str
    decline_code: str | None
    message: str
    advice_code: str | None = None


CARDS = {
    "4242424242424242": Instrument("4242424242424242", "pays"),
    "4000056655665556": Instrument("4000056655665556", "pays"),
    "5555555555554444": Instrument("5555555555554444", "pays", brand="mastercard"),
    "378282246310005": Instrument("378282246310005", "pays", brand="amex"),
    "4000002760000016": Instrument("4000002760000016", "pays", country="DE"),
    "4000002500003155": Instrument("4000002500003155", "challenge"),
    "4000002760003184": Instrument("4000002760003184", "challenge"),
    "4000000000003220": Instrument("4000000000003220", "challenge"),
    "4000000000000341": Instrument("4000000000000341", "generic_decline"),
    "4000000000009995": Instrument("4000000000009995", "insufficient_funds"),
    "4000000000000002": Instrument("4000000000000002", "generic_decline"),
    "4000000000009987": Instrument("4000000000009987", "lost_card"),
    "4000000000009979": Instrument("4000000000009979", "stolen_card"),
    "4000000000000069": Instrument("4000000000000069", "expired_card"),
    "4000000000000127": Instrument("4000000000000127", "incorrect_cvc"),
    "4000000000000119": Instrument("4000000000000119", "processing_error"),
    "4000000000000259": Instrument("4000000000000259", "pays"),
}
ACCOUNTS = {
    "DE89370400440532013000": "pays_later",
    "AT611904300234573201": "pays_later",
    "DE62370400440532013001": "fails_later",
    "AT861904300235473202": "fails_later",
}
NAMED = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_de": "4000002760000016",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_createDispute": "4000000000000259",
    "pm_sepa_debit_success": "DE89370400440532013000",
}
REFUSALS = {
    "generic_decline": Refusal(
        "card_declined", "generic_decline", "Your card was declined.", "try_again_later"
    ),
    "insufficient_funds": Refusal(
        "card_declined", "insufficient_funds", "Your card has insufficient funds.",
        "try_again_later",
    ),
    "lost_card": Refusal(
        "card_declined", "lost_card", "Your card was declined.", "do_not_try_again"
    ),
    "stolen_card": Refusal(
        "card_declined", "stolen_card", "Your card was declined.", "do_not_try_again"
    ),
    "expired_card": Refusal(
        "expired_card", None, "Your card has expired.", "do_not_try_again"
    ),
    "incorrect_cvc": Refusal(
        "incorrect_cvc", None, "Your card's security code is incorrect.", "confirm_card_data"
    ),
    "processing_error": Refusal(
        "processing_error", None,
        "An error occurred while processing your card. Try again in a little bit.",
        "try_again_later",
    ),
    "test_mode_live_card": Refusal(
        "card_declined", "test_mode_live_card",
        "Your card was declined. Your request was in test mode, but used a non test card.",
    ),
    "authentication_required": Refusal(
        "authentication_required", "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
    "failed_challenge": Refusal(
        "payment_intent_authentication_failure", None,
        "We are unable to authenticate your payment method. Please choose a different payment "
        "method and try again.",
    ),
    "bank_refused": Refusal(
        "payment_method_provider_decline", None,
        "The customer's bank refused the debit.",
    ),
}  # fmt: skip


def recognise(number: str) -> Instrument:
    """The card or account with this number.

    Raises RequestFailed(incorrect_number) for what is no card number at all; any other card that
    is not a test card is an instrument that is declined.
    """
    plain = "".join(number.split()).replace("-", "").upper()
    if plain in CARDS:
        return CARDS[plain]
    if plain in ACCOUNTS:
        return Instrument(plain, ACCOUNTS[plain], type="sepa_debit", brand="", country=plain[:2])
    if not (plain.isascii() and plain.isdigit() and 12 <= len(plain) <= 19 and _luhn(plain)):
        raise RequestFailed(
            "Your card number is incorrect.",
            status=402,
            kind="card_error",
            code="incorrect_number",
            param="number",
        )
    return Instrument(plain, "test_mode_live_card")


def named(name: str) -> Instrument | None:
    """The instrument behind a ``pm_card_…`` name of Stripe's documentation."""
    number = NAMED.get(name)
    return recognise(number) if number else None


def refusal(outcome: str) -> Refusal:
    """The refusal by its name; "decline" is the general one."""
    found = REFUSALS.get("generic_decline" if outcome == "decline" else outcome)
    if found is None:
        raise RequestFailed(
            f"The sandbox knows no outcome {outcome!r}; it knows pays, decline, "
            f"{', '.join(REFUSALS)}.",
            param="outcome",
        )
    return found


def expiring(instrument: Instrument, *, month: int, year: int) -> Instrument:
    """The same card with another date."""
    return replace(instrument, exp_month=month, exp_year=year)


def _luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
