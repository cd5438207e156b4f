"""What readers fill in: the join form, another amount, a name, an address."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, HiddenField, StringField, ValidationError

from app.core.forms import Email, Form, Line, refuse_unstorable, single_use_key
from app.core.i18n import gettext as _
from app.core.i18n import lazy_gettext as _l
from app.membership import offering, wording
from app.membership.offering import Choice, NotOffered
from app.newsroom.models import CurrencyOffer, Newsroom

LONGEST_SOURCE = 200
LONGEST_NAME = 80
LONGEST_KEY = 64


class Choosing(StringField):
    """One of a few values; its label is translated when it is shown."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)


class Tick(BooleanField):
    """Yes or no, with a label that is translated when it is shown."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)


class Amount(StringField):
    """An amount as it was typed; ``minor`` is what it means, once it was read."""

    minor: int | None = None

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.data = (self.data or "").strip()

    def read(self, offer: CurrencyOffer) -> None:
        """Understand what was typed; raises ValidationError in the reader's words."""
        refuse_unstorable(self, allowed="")
        try:
            self.minor = offering.amount(self.data or "", offer)
        except NotOffered as error:
            raise ValidationError(str(error.message)) from None


class Source(HiddenField):
    """Where a reader came from; it is not worth an error, so what cannot be kept is cut."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        text = (self.data or "").strip()[:LONGEST_SOURCE]
        self.data = "".join(c for c in text if c.isprintable())


class JoinForm(Form):
    """The join page. It is read from the address when it is opened, and sent when it is sent."""

    # What an address may choose for anybody, and what it would be typing for somebody.
    CHOOSING = (
        "interval", "currency", "preset", "amount", "cover_fees", "campaign", "article", "referrer",
    )  # fmt: skip
    TYPING = ("email", "know_me", "on_wall", "credit_me", "website", "form_key", "shown")

    interval = Choosing(_l("How often"))
    currency = Choosing(_l("In which currency"))
    preset = StringField()
    amount = Amount(_l("Another amount"))
    cover_fees = Tick(_l("Add the card fee"))
    email = Email(_l("Your e-mail"))
    know_me = Tick(wording.CONSENTS["know_me"][0])
    on_wall = Tick(wording.CONSENTS["on_wall"][0])
    credit_me = Tick(wording.CONSENTS["credit_me"][0])
    website = StringField()  # people do not see it; robots fill it in
    form_key = HiddenField()
    shown = HiddenField()
    campaign = Source()
    article = Source()
    referrer = Source()

    def open_for(self, newsroom: Newsroom, offers: list[CurrencyOffer]) -> None:
        """Say what is offered; what was chosen and is not offered is an error on sending."""
        self.newsroom, self.offers = newsroom, offers
        by_currency = {offer.currency: offer for offer in offers}
        self.offer = by_currency.get(self.currency.data or "")
        self.shown_offer = self.offer or by_currency.get(newsroom.default_currency) or offers[0]
        is_known = self.interval.data in offering.INTERVALS
        self.shown_interval = str(self.interval.data if is_known else newsroom.default_interval)
        key = self.form_key.data or ""
        if not (key.isascii() and key.isalnum() and len(key) <= LONGEST_KEY):
            self.form_key.data = single_use_key()

    def validate_interval(self, field: StringField) -> None:
        if field.data not in offering.INTERVALS:
            raise ValidationError(_("Choose monthly, yearly or once."))

    def validate_currency(self, field: StringField) -> None:
        if self.offer is None:
            raise ValidationError(_("We cannot take this currency. Choose one of those below."))

    def validate_amount(self, field: Amount) -> None:
        """What was typed counts; without it the card that is chosen."""
        if not field.data and self.preset.data:
            self._read_preset(field)
        else:
            field.read(self.offer or self.shown_offer)

    def choice(self) -> Choice | None:
        """What the form says now, where it says an amount that can be given."""
        if self.amount.minor is None:
            return None
        return offering.choose(
            self.newsroom,
            self.shown_offer,
            interval=self.shown_interval,
            amount=self.amount.minor,
            cover=bool(self.cover_fees.data),
        )

    def consents(self) -> tuple[dict[str, Any], ...]:
        """What was ticked, in the words it stood beside."""
        return tuple(wording.consent(kind) for kind in wording.CONSENTS if self[kind].data)

    def _read_preset(self, field: Amount) -> None:
        field.data = self.preset.data
        try:
            field.read(self.offer or self.shown_offer)
        finally:
            field.data = ""


class AmountForm(Form):
    """Another amount for a pledge that runs."""

    preset = StringField()
    amount = Amount(_l("Another amount"))
    cover_fees = Tick(_l("Add the card fee"))


class ConsentForm(Form):
    """A person's name, and what may be done with it."""

    name = Line(_l("Your name"), longest=LONGEST_NAME)
    know_me = Tick(wording.CONSENTS["know_me"][0])
    on_wall = Tick(wording.CONSENTS["on_wall"][0])
    credit_me = Tick(wording.CONSENTS["credit_me"][0])

    def kinds(self) -> set[str]:
        return {kind for kind in wording.CONSENTS if self[kind].data}


class StopForm(Form):
    """The address to which the link to a pledge is mailed."""

    email = Email(_l("Your e-mail"))
