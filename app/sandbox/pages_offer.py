"""What a Checkout page says: the things bought, the prices in words, and the cards to try."""

from __future__ import annotations

from dataclasses import dataclass

from app.sandbox.acting import Act
from app.sandbox.errors import Json
from app.sandbox.pages_drafts import FIELDS, Draft
from app.sandbox.pages_rendering import origin_of
from app.sandbox.pages_texts import Translate, every, money, translator


@dataclass(frozen=True)
class Example:
    """A test card or account in the list beside the form."""

    number: str
    does: str
    by: str = "card"

    @property
    def spaced(self) -> str:
        return " ".join(self.number[at : at + 4] for at in range(0, len(self.number), 4))


EXAMPLES = (
    Example("4242424242424242", "Pays."),
    Example("4000002500003155", "The bank asks first (3-D Secure)."),
    Example("4000000000009995", "Is declined: not enough money."),
    Example("4000000000000341", "Is declined each time it is charged."),
    Example("4000000000000002", "Is declined: the bank gives no reason."),
    Example("4000000000000069", "Is declined: the card has expired."),
    Example("DE89370400440532013000", "Bank debit: pays three days later.", "debit"),
    Example("DE62370400440532013001", "Bank debit: fails three days later.", "debit"),
)


@dataclass(frozen=True)
class Line:
    """One thing that is bought, and its price in words."""

    name: str
    quantity: int
    price: str


@dataclass(frozen=True)
class Page:
    """A session in the words of its page."""

    id: str
    merchant: str
    lines: list[Line]
    total: str
    repeats: str
    button: str
    message: str
    email: str
    email_is_fixed: bool
    debit: bool
    cancel_url: str
    success_url: str


def page_of(act: Act, session: Json, language: str) -> Page:
    """A session in this language."""
    say = translator(language)
    sold = act.hidden(session["id"])["line_items"]
    prices = [(act.get("price", line["price"]), line["quantity"]) for line in sold]
    total = money(session["amount_total"], session["currency"], language)
    period = next((every(p["recurring"], language) for p, _ in prices if p["recurring"]), "")
    email = fixed_email(act, session)
    submit = session["custom_text"]["submit"]
    return Page(
        id=session["id"],
        merchant=act.account.name,
        lines=[
            Line(line["name"], quantity, _price(price, language))
            for line, (price, quantity) in zip(sold, prices, strict=True)
        ],
        total=total,
        repeats=_repeats(prices, language, say),
        button=_button(total, period, say),
        message=submit["message"] if submit else "",
        email=email or "",
        email_is_fixed=email is not None,
        debit="sepa_debit" in session["payment_method_types"],
        cancel_url=web_address(session["cancel_url"]),
        success_url=web_address(session["success_url"]),
    )


def fixed_email(act: Act, session: Json) -> str | None:
    """The address that the shop has given, which the payer cannot change."""
    customer = act.find(session["customer"]) if session["customer"] else None
    found: str | None = session["customer_email"] or (customer["email"] if customer else None)
    return found


def success_url(session: Json) -> str:
    """Where a paid session leads, with its own id in the address."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def web_address(address: str | None) -> str:
    """The address if a link may lead there; empty otherwise."""
    return address if address and origin_of(address) else ""


def filled_in(draft: Draft, number: str) -> Draft:
    """The form with a test card or account from the list in it."""
    example = next((one for one in EXAMPLES if one.number == number), None)
    if example is None:
        return draft
    field = "iban" if example.by == "debit" else "number"
    values = {
        **draft.values,
        "method": example.by,
        field: example.spaced,
        "expiry": draft.values["expiry"] or "12 / 34",
        "cvc": draft.values["cvc"] or "123",
        "name": draft.values["name"] or "Test Reader",
    }
    return Draft({name: values[name] for name in FIELDS})


def _price(price: Json, language: str) -> str:
    words = money(price["unit_amount"], price["currency"], language)
    return f"{words} {every(price['recurring'], language)}" if price["recurring"] else words


def _repeats(prices: list[tuple[Json, int]], language: str, say: Translate) -> str:
    """What follows after today, where something does."""
    recurring = [(price, quantity) for price, quantity in prices if price["recurring"]]
    if not recurring:
        return ""
    amount = sum(price["unit_amount"] * quantity for price, quantity in recurring)
    first = recurring[0][0]
    return say(
        "Then {amount} {period}, until it is stopped.",
        amount=money(amount, first["currency"], language),
        period=every(first["recurring"], language),
    )


def _button(total: str, period: str, say: Translate) -> str:
    if period:
        return say("Pay {amount} {period}", amount=total, period=period)
    return say("Pay {amount}", amount=total)
