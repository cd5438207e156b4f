"""What a reader may choose, and how much of it arrives. Whole minor units throughout."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import AppError
from app.core.i18n import lazy_gettext as _l
from app.core.i18n import money
from app.core.money import WHOLE_ONLY, Money, round_half_up
from app.newsroom.models import CurrencyOffer, Newsroom

INTERVALS = ("month", "year", "once")
WHOLE = 10_000  # basis points
PER_YEAR = {"month": 12, "year": 1}


class NotOffered(AppError):
    """An amount that cannot be given, in words for beside the field."""

    status = 422


@dataclass(frozen=True, slots=True)
class Fee:
    """What the processor keeps of one charge: a share in basis points, and a fixed part."""

    basis_points: int
    fixed: int
    step: int = 1  # 100 where Stripe takes whole units only

    def of(self, total: int) -> int:
        """The fee of a charge, rounded half up."""
        return round_half_up(total * self.basis_points + self.fixed * WHOLE, WHOLE)

    def arrives(self, total: int) -> int:
        """What is left of a charge; less than nothing of a very small one."""
        return total - self.of(total)

    def cover(self, amount: int) -> int:
        """The least to add to an amount so that it arrives in full."""
        total = round_half_up((amount + self.fixed) * WHOLE, WHOLE - self.basis_points)
        while self.arrives(total) < amount:
            total += 1
        while self.arrives(total - 1) >= amount:
            total -= 1
        return -(-total // self.step) * self.step - amount


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader wants to give: how often, how much, and what is added for the fee."""

    interval: str
    currency: str
    amount: int
    fee_cover: int

    @property
    def total(self) -> int:
        """What one charge takes."""
        return self.amount + self.fee_cover

    @property
    def money(self) -> Money:
        return Money(self.total, self.currency)

    @property
    def key(self) -> str:
        """The choice in one word; what a page showed is compared by it."""
        return f"{self.amount}-{self.currency}-{self.interval}-{self.fee_cover}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """The honest line: what arrives of a choice, and what paying once a year would bring."""

    each: Money
    over_a_year: Money | None
    yearly: Money | None
    yearly_arrives: Money | None


def fee(newsroom: Newsroom, offer: CurrencyOffer) -> Fee:
    """The processor's fee in a currency, as the newsroom has set it."""
    step = 100 if offer.currency in WHOLE_ONLY else 1
    return Fee(newsroom.fee_basis_points, offer.fee_fixed, step)


def presets(offer: CurrencyOffer, interval: str) -> list[int]:
    """The amounts that stand on cards for an interval."""
    return [int(amount) for amount in offer.presets.get(interval, [])]


def suggested(offer: CurrencyOffer, interval: str) -> int | None:
    """The amount that a page starts with: the second card, else the first, else none."""
    amounts = presets(offer, interval)
    return amounts[1] if len(amounts) > 1 else amounts[0] if amounts else None


def amount(text: str, offer: CurrencyOffer) -> int:
    """Read an amount that was typed, "5" or "5,00"; raises NotOffered in the reader's words."""
    if not text.strip():
        raise NotOffered(_l("Choose an amount, or write one."))
    try:
        value = Money.parse(text, offer.currency)
    except ValueError:
        raise NotOffered(
            _l("Write the amount in digits, like 5 or 5.50. A thousand is written 1000.")
        ) from None
    return within_bounds(value.minor, offer)


def within_bounds(minor: int, offer: CurrencyOffer) -> int:
    """The amount again; raises NotOffered below the minimum and above the maximum."""
    if minor < offer.minimum:
        least = money(Money(offer.minimum, offer.currency))
        raise NotOffered(
            _l("The smallest amount is %(amount)s: below it, fees eat it.", amount=least)
        )
    if minor > offer.maximum:
        most = money(Money(offer.maximum, offer.currency))
        raise NotOffered(
            _l("The largest amount here is %(amount)s. To give more, write to us.", amount=most)
        )
    return minor


def choose(
    newsroom: Newsroom, offer: CurrencyOffer, *, interval: str, amount: int, cover: bool
) -> Choice:
    """A choice with the fee cover worked out where the reader wants it."""
    added = fee(newsroom, offer).cover(amount) if cover else 0
    return Choice(interval, offer.currency, amount, added)


def arrival(newsroom: Newsroom, offer: CurrencyOffer, choice: Choice) -> Arrival:
    """What arrives of each charge; for a month also over a year, and if paid once a year.

    Source of the default figures: 1.5 % and 0.25 a charge, Stripe's price for European cards.
    """
    kept = fee(newsroom, offer)

    def as_money(minor: int) -> Money:
        return Money(max(minor, 0), choice.currency)

    each = kept.arrives(choice.total)
    if choice.interval != "month":
        return Arrival(as_money(each), None, None, None)
    once = choice.total * PER_YEAR["month"]
    over_a_year = as_money(each * PER_YEAR["month"])
    if once > offer.maximum:
        return Arrival(as_money(each), over_a_year, None, None)
    return Arrival(as_money(each), over_a_year, as_money(once), as_money(kept.arrives(once)))
