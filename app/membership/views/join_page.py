"""What stands on the join page: every figure is for the choice that the page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from wtforms import ValidationError

from app.core.i18n import gettext as _
from app.core.money import Money, symbol
from app.membership import offering, wording
from app.membership.forms import JoinForm
from app.membership.models import Pledge
from app.membership.offering import Choice
from app.newsroom.models import CurrencyOffer

SOURCES = ("campaign", "article", "referrer")


@dataclass(frozen=True, slots=True)
class Card:
    """One thing to choose; ``href`` is this page with it chosen."""

    value: str
    label: str
    checked: bool
    href: str
    amount: Money | None = None
    yearly: Money | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """What the chosen amount means: the line before paying, the button, what arrives."""

    key: str
    total: Money
    sentence: str
    button: str
    arrival: offering.Arrival


def look(form: JoinForm, *, is_open: bool) -> None:
    """Read a choice from an address: a card where it is one, else typed; else the suggestion.

    ``is_open`` says that the address leaves the amount empty on purpose.
    """
    typed = form.amount.data or ""
    if not typed:
        if is_open:
            return
        suggested = offering.suggested(form.shown_offer, form.shown_interval)
        if suggested is None:
            return
        typed = Money(suggested, form.shown_offer.currency).plain()
        form.amount.data = typed
    try:
        form.amount.read(form.shown_offer)
    except ValidationError as error:
        form.amount.errors = (*form.amount.errors, str(error))
        return
    if form.amount.minor in offering.presets(form.shown_offer, form.shown_interval):
        form.preset.data, form.amount.data = _plain(form, form.amount.minor), ""


def context(
    form: JoinForm, *, offers: list[CurrencyOffer], known: Pledge | None, now: datetime
) -> dict[str, Any]:
    """The values of the template, for a form that was looked at or validated."""
    offer, choice = form.shown_offer, form.choice()

    def money(minor: int) -> Money:
        return Money(minor, offer.currency)

    return {
        "form": form,
        "consents": [(form[kind], hint) for kind, (_label, hint) in wording.CONSENTS.items()],
        "intervals": _intervals(form),
        "currencies": [_currency(form, one) for one in offers],
        "presets": _presets(form),
        "interval": form.shown_interval,
        "unit": symbol(offer.currency),
        "minimum": money(offer.minimum),
        "maximum": money(offer.maximum),
        "coffee": money(offer.coffee),
        "cover": _cover(form),
        "charge": _charge(form, choice, now) if choice else None,
        "known": known,
    }


def _intervals(form: JoinForm) -> list[Card]:
    labels = {"month": _("Monthly"), "year": _("Yearly"), "once": _("Once")}
    shown = form.shown_interval
    return [
        Card(value, labels[value], value == shown, _address(form, interval=value))
        for value in offering.INTERVALS
    ]


def _currency(form: JoinForm, offer: CurrencyOffer) -> Card:
    code = offer.currency
    label = code if symbol(code) == code else f"{symbol(code)} {code}"
    return Card(code, label, code == form.shown_offer.currency, _address(form, currency=code))


def _presets(form: JoinForm) -> list[Card]:
    offer, cards = form.shown_offer, []
    for minor in offering.presets(offer, form.shown_interval):
        value = _plain(form, minor)
        yearly = Money(12 * minor, offer.currency) if form.shown_interval == "month" else None
        chosen = not form.amount.data and form.preset.data == value
        href = _address(form, amount=value)
        cards.append(Card(value, "", chosen, href, Money(minor, offer.currency), yearly))
    return cards


def _cover(form: JoinForm) -> Money | None:
    if form.amount.minor is None:
        return None
    added = offering.fee(form.newsroom, form.shown_offer).cover(form.amount.minor)
    return Money(added, form.shown_offer.currency)


def _charge(form: JoinForm, choice: Choice, now: datetime) -> Charge:
    zone = form.newsroom.timezone
    return Charge(
        key=choice.key,
        total=choice.money,
        sentence=wording.charges(choice.interval, choice.money, now, zone),
        button=wording.gives(choice.interval, choice.money),
        arrival=offering.arrival(form.newsroom, form.shown_offer, choice),
    )


def _address(form: JoinForm, **changed: str) -> str:
    """This page with something else chosen; another interval or currency has other amounts."""
    query = {
        "interval": form.shown_interval,
        "currency": form.shown_offer.currency,
        "cover_fees": "1" if form.cover_fees.data else "",
        **{name: form[name].data or "" for name in SOURCES},
        **changed,
    }
    return f"/join?{urlencode({name: value for name, value in query.items() if value})}"


def _plain(form: JoinForm, minor: int) -> str:
    return Money(minor, form.shown_offer.currency).plain()
