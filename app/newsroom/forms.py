"""The forms of the newsroom's settings: amounts are typed as people write them."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from wtforms import ValidationError

from app.core.forms import Choice, EditForm, Email, Form, Line, Text, Tick
from app.core.i18n import LANGUAGES
from app.core.i18n import gettext as _
from app.core.i18n import lazy_gettext as _l
from app.core.money import Money
from app.newsroom import colours
from app.newsroom.changing import Terms
from app.newsroom.models import CurrencyOffer

MOST_PRESETS = 6
INTERVALS = {"month": _l("Monthly"), "year": _l("Yearly"), "once": _l("Once")}
ZONES = sorted(zone for zone in available_timezones() if "/" in zone)


class Needed(Line):
    """A line that may not be left empty."""

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if not self.data:
            raise ValidationError(_("This may not be left empty."))


class Whole(Needed):
    """A whole number within bounds; ``number`` is what was typed."""

    number: int = 0

    def __init__(self, label: Any = None, *, most: int = 0, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.most = most

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        text = str(self.data)
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= self.most):
            raise ValidationError(_("Write a whole number from 0 to %(most)s.", most=self.most))
        self.number = int(text)


class Amount(Line):
    """An amount of the form's currency; ``minor`` is what it comes to, None where empty."""

    minor: int | None = None

    def __init__(self, label: Any = None, *, needed: bool = True, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.needed = needed

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if self.data or self.needed:
            self.minor = _minor(self.data, form.currency)


class Amounts(Line):
    """Several amounts with spaces between them."""

    minors: list[int]

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        self.minors = [_minor(part, form.currency) for part in (self.data or "").split()]
        if not 1 <= len(self.minors) <= MOST_PRESETS:
            raise ValidationError(_("Write one to six amounts with spaces between them."))
        outside = form.minimum.minor is not None and any(
            not form.minimum.minor <= minor <= (form.maximum.minor or 0) for minor in self.minors
        )
        if outside:
            raise ValidationError(_("An amount is under the minimum or over the maximum."))


class NewsroomForm(Form):
    """Who the newsroom is, and its rules."""

    name = Needed(_l("Name"), longest=60)
    reply_to = Email(_l("Address that a person reads"))
    timezone = Choice(_l("Time zone"), choices={zone: zone for zone in ZONES})
    default_language = Choice(_l("Language"), choices=LANGUAGES)
    default_interval = Choice(_l("Interval offered first"), choices=INTERVALS)
    default_currency = Choice(_l("Currency offered first"), choices={})
    reporting_currency = Choice(_l("Currency of the reports"), choices={})
    accent = Line(_l("Colour"), longest=7)
    fee_basis_points = Whole(_l("Processor’s fee, in hundredths of a per cent"), most=2000)
    grace_days = Whole(_l("Days that past due still counts"), most=90)
    one_time_days = Whole(_l("Days of good standing for a gift given once"), most=3660)
    late_joiners_vote = Tick(_l("Who joins while a round runs may vote in it"))
    sign_up_open = Tick(_l("New pledges are taken"))

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[tuple[str, object]] = [(currency, currency) for currency in currencies]
        self.default_currency.choices = choices
        self.reporting_currency.choices = choices

    def validate_accent(self, field: Line) -> None:
        field.data = (field.data or "").lower()
        try:
            colours.tokens(field.data)
        except colours.UnreadableColour:
            raise ValidationError(
                _("Give a colour like #0b5563 that is dark enough to be read on paper.")
            ) from None


class OfferForm(Form):
    """What is offered in one currency."""

    minimum = Amount(_l("Smallest amount"))
    maximum = Amount(_l("Largest amount"))
    coffee = Amount(_l("A cup of coffee costs"))
    goal = Amount(_l("Goal for a month"), needed=False)
    fee_fixed = Amount(_l("Processor’s fixed fee"))
    one_time_minimum = Amount(_l("A gift of at least this gives a vote"))
    month = Amounts(_l("Amounts to choose from, monthly"))
    year = Amounts(_l("Amounts to choose from, yearly"))
    once = Amounts(_l("Amounts to choose from, once"))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)

    @classmethod
    def of(cls, offer: CurrencyOffer) -> OfferForm:
        """The form as it stands now, or as it was just sent."""
        names = ("minimum", "maximum", "coffee", "fee_fixed", "one_time_minimum")
        data = {name: Money(getattr(offer, name), offer.currency).plain() for name in names}
        data["goal"] = Money(offer.goal, offer.currency).plain() if offer.goal else ""
        for interval, minors in offer.presets.items():
            data[interval] = " ".join(Money(m, offer.currency).plain() for m in minors)
        return cls(currency=offer.currency, data=data)

    @property
    def terms(self) -> Terms:
        """What was typed, in minor units; only after it was found right."""
        return Terms(
            minimum=self.minimum.minor or 0,
            maximum=self.maximum.minor or 0,
            coffee=self.coffee.minor or 0,
            goal=self.goal.minor or None,
            fee_fixed=self.fee_fixed.minor or 0,
            one_time_minimum=self.one_time_minimum.minor or 0,
            presets={name: self[name].minors for name in ("month", "year", "once")},
        )

    def validate_maximum(self, field: Amount) -> None:
        low, high = self.minimum.minor, field.minor
        if low is not None and high is not None and not 0 < low <= high:
            raise ValidationError(_("The largest amount is under the smallest."))

    def validate_coffee(self, field: Amount) -> None:
        _refuse_nought(field)

    def validate_one_time_minimum(self, field: Amount) -> None:
        _refuse_nought(field)


class TextForm(EditForm):
    """One text in both languages."""

    en = Text(_l("English"), longest=20_000)
    uk = Text(_l("Ukrainian"), longest=20_000)


def _refuse_nought(field: Amount) -> None:
    if field.minor == 0:
        raise ValidationError(_("This has to be more than nothing."))


def _minor(text: str | None, currency: str) -> int:
    try:
        return Money.parse(text or "", currency).minor
    except ValueError:
        raise ValidationError(_("This is no amount. It looks like 5 or 5.50.")) from None
