"""Forms of signing in, of the account's own settings and of the staff list."""

from __future__ import annotations

from typing import Any

from wtforms import ValidationError

from app.accounts import roles
from app.core.forms import Choice, Email, Form, Line
from app.core.i18n import LANGUAGES
from app.core.i18n import gettext as _
from app.core.i18n import lazy_gettext as _l


class SignInForm(Form):
    """The address to send a link to."""

    email = Email(_l("Your e-mail"))


class CodeForm(Form):
    """Six digits, typed with or without a space in the middle."""

    code = Line(_l("Six digits"), longest=20)

    def validate_code(self, field: Any) -> None:
        digits = "".join(field.data.split()).replace("-", "")
        if not digits.isascii() or not digits.isdigit() or len(digits) != 6:
            raise ValidationError(_("Type the six digits, nothing else."))
        field.data = digits

    def refuse(self, message: str) -> None:
        """Say beside the field what the database said."""
        self.code.errors = [message]


class LanguageForm(Form):
    """The language of mails and pages."""

    language = Choice(_l("Language"), choices=LANGUAGES)


class RoleForm(Form):
    """A role for somebody who is on the staff."""

    role = Choice(_l("Role"), choices=roles.DESCRIBED)


class StaffForm(RoleForm):
    """A new member of the staff."""

    email = Email(_l("Their e-mail"))
