"""The form by which finance gives money back."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, ValidationError

from app.core.forms import Form, Line
from app.core.i18n import gettext as _
from app.core.i18n import lazy_gettext as _l
from app.core.money import Money
from app.payments.gateway import ID

LONGEST_AMOUNT = 12


class RefundForm(Form):
    """How much goes back. ``key`` is made with the form, so sending it twice is one refund."""

    key = HiddenField()
    amount = Line(_l("How much"), longest=LONGEST_AMOUNT)

    def __init__(self, *args: Any, left: Money, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left = left

    def validate_key(self, field: HiddenField) -> None:
        if not ID.fullmatch(field.data or ""):
            raise ValidationError(_("Load this page again, then send it."))

    def validate_amount(self, field: Line) -> None:
        try:
            given = Money.parse(field.data or "", self.left.currency)
        except ValueError:
            raise ValidationError(_("Write an amount like 5 or 5.00.")) from None
        if given.minor <= 0:
            raise ValidationError(_("Write an amount above nought."))
        if given > self.left:
            raise ValidationError(_("That is more than is left of this payment."))

    @property
    def minor(self) -> int | None:
        """Minor units to give back; None for all that is left."""
        given = Money.parse(self.amount.data or "", self.left.currency)
        return None if given == self.left else given.minor
