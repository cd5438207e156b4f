"""What stands on the page for another amount, and the next charge before and after."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from wtforms import ValidationError

from app.core.i18n import gettext as _
from app.core.i18n import money
from app.core.money import Money, symbol
from app.membership import changing, offering, queries, showing
from app.membership.forms import AmountForm
from app.membership.models import Pledge
from app.membership.offering import NotOffered
from app.membership.views.join_page import Card
from app.newsroom import queries as newsroom
from app.newsroom.models import CurrencyOffer


def read(db: Session, form: AmountForm, ref: str, *, below: int | None = None) -> bool:
    """Understand what was chosen; what cannot be given is an error beside the field.

    ``below`` is an amount that must not be reached: from a mail a pledge is only lowered.
    """
    pledge = _running(db, ref)
    offer = changing.offer_of(db, pledge)
    typed = form.amount.data or form.preset.data or ""
    kept, form.amount.data = form.amount.data, typed
    try:
        form.amount.read(offer)
        changing.preview(
            db, ref, amount=form.amount.minor or 0, cover=bool(form.cover_fees.data), below=below
        )
    except (ValidationError, NotOffered) as error:
        words = str(error.message) if isinstance(error, NotOffered) else str(error)
        form.amount.errors = (*form.amount.errors, words)
        form.amount.minor = None
        return False
    finally:
        form.amount.data = kept or ""
    return True


def context(
    db: Session, form: AmountForm, *, ref: str, base: str, below: int | None = None
) -> dict[str, Any]:
    """The values of the template; with a choice in the form, the charge before and after."""
    pledge = _running(db, ref)
    offer = changing.offer_of(db, pledge)
    is_chosen = bool(form.amount.data or form.preset.data)
    if not is_chosen:
        form.cover_fees.data = bool(pledge.fee_cover)
    is_readable = is_chosen and (form.amount.minor is not None or read(db, form, ref, below=below))
    amount = form.amount.minor if is_readable else None
    cover = bool(form.cover_fees.data)
    shown = amount or pledge.amount
    most = min(offer.maximum, below - 1) if below else offer.maximum
    return {
        "form": form,
        "base": base,
        "pledge": showing.pledge(db, pledge),
        "presets": _presets(form, offer, pledge, base, below),
        "unit": symbol(offer.currency),
        "minimum": Money(offer.minimum, offer.currency),
        "maximum": Money(most, offer.currency),
        "cover": Money(offering.fee(newsroom.current(db), offer).cover(shown), offer.currency),
        "preview": changing.preview(db, ref, amount=amount, cover=cover) if amount else None,
    }


def changed(then: changing.Preview) -> str:
    """What is said after the amount was changed."""
    if then.is_after_due:
        return _(
            "Changed. The charge that is due now stays as it was; after it, it is %(amount)s.",
            amount=money(then.total),
        )
    return _("Changed. From the next charge on it is %(amount)s.", amount=money(then.total))


def _presets(
    form: AmountForm, offer: CurrencyOffer, pledge: Pledge, base: str, below: int | None
) -> list[Card]:
    cards = []
    for minor in offering.presets(offer, pledge.interval):
        if below is not None and minor >= below:
            continue
        value = Money(minor, offer.currency).plain()
        query = {"preset": value} | ({"cover_fees": "1"} if form.cover_fees.data else {})
        chosen = form.amount.minor == minor
        cards.append(
            Card(value, "", chosen, f"{base}?{urlencode(query)}", Money(minor, offer.currency))
        )
    return cards


def _running(db: Session, ref: str) -> Pledge:
    pledge = queries.by_ref(db, ref)
    if pledge is None or pledge.state not in changing.CHANGEABLE:
        raise changing.NotChangeable()
    return pledge
