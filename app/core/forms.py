"""What forms of all rooms share: fields that refuse what cannot be stored, in plain words."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from email_validator import EmailNotValidError, validate_email
from flask import g
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, StringField, TextAreaField, ValidationError

from app.core.errors import AppError, Conflict
from app.core.i18n import gettext as _
from app.core.i18n import lazy_gettext as _l
from app.core.signing import fingerprint

UNTYPED = ("csrf_token", "form_key", "seen")  # fields that say nothing of what was typed
LONGEST_EMAIL = 254
LONGEST_LINE = 200
LONGEST_TEXT = 5000


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose errors come back beside its fields with what was typed."""

    class Meta:
        # Our own texts: WTForms' catalogue has other words, and no choice of language per mail.
        locales = False

    # What a use case may refuse of what was sent, and the field it is about.
    BLAMES: ClassVar[Mapping[type[AppError], str]] = {}

    @property
    def has_errors(self) -> bool:
        return any(self.errors.values())

    def refused(self, error: AppError) -> Self:
        """This form with what the use case said: beside the field to blame, else on top of it."""
        words = f"{error.title}. {error.message}"
        name = self.BLAMES.get(type(error))
        if name is None:
            self.form_errors.append(words)
        else:
            self[name].errors = [*self[name].errors, words]
        return self


class ChangedMeanwhile(Conflict):
    message = _l(
        "Somebody saved something else here after you had opened this page. What you typed stands "
        "below and is not saved: save it once more, and it takes the place of what they wrote."
    )


class EditForm(Form):
    """A form over words that are there already: nobody's are written over unseen."""

    seen = HiddenField()
    _stored: EditForm | None = None

    def over(self, stored: EditForm) -> Self:
        """Say what stands there now, which this form is sent on top of."""
        self._stored = stored
        return self

    @property
    def mark(self) -> str:
        """The same for forms that say the same."""
        said = {
            field.name: sorted(field.data) if isinstance(field.data, set) else str(field.data or "")
            for field in self
            if field.name not in UNTYPED
        }
        return fingerprint(json.dumps(said, sort_keys=True))[:16]

    @property
    def to_see(self) -> str:
        """The mark of what stands there, for the page of this form."""
        return (self._stored or self).mark

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid: bool = super().validate(extra_validators)
        if self.seen.data in ("", None, self.to_see) or self.mark == self.to_see:
            return is_valid
        self.refused(ChangedMeanwhile())
        return False


class Line(StringField):
    """One line of text: spaces around it go, control characters are refused."""

    def __init__(self, label: Any = None, *, longest: int = LONGEST_LINE, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.longest = longest

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.data = (self.data or "").strip()

    def pre_validate(self, form: Any) -> None:
        refuse_unstorable(self, allowed="")
        refuse_long(self, self.longest)


class Text(TextAreaField):
    """Several lines of text."""

    def __init__(self, label: Any = None, *, longest: int = LONGEST_TEXT, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.longest = longest

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.data = (self.data or "").strip().replace("\r\n", "\n")

    def pre_validate(self, form: Any) -> None:
        refuse_unstorable(self, allowed="\n\t")
        refuse_long(self, self.longest)


class Choice(Line):
    """One of a few values, each with its name."""

    def __init__(self, label: Any = None, *, choices: Mapping[str, object], **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.choices = list(choices.items())

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if self.data not in dict(self.choices):
            raise ValidationError(_("Choose one of these."))


class Tick(BooleanField):
    """Something allowed or not."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)


class Email(Line):
    """An address that mail can reach; ``data`` is the address as it is written to."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(label, longest=LONGEST_EMAIL, **kwargs)

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if not self.data:
            raise ValidationError(_("Write your e-mail address."))
        self.data = normal_email(self.data)


def single_use_key() -> str:
    """A key for the form on this page, so that sending it twice is one effect."""
    key = new_single_use_key()
    g.setdefault("single_use_keys", []).append(key)  # whoever is shown the page again needs another
    return key


def new_single_use_key() -> str:
    return secrets.token_hex(16)


def normal_email(text: str) -> str:
    """The address with its domain in one spelling; raises ValidationError in the reader's words."""
    local = text.rpartition("@")[0]
    if not local.isascii():
        raise ValidationError(
            _(
                "The part before the @ has letters that many mail servers refuse. "
                "Use an address with plain Latin letters there; the domain may be in any script."
            )
        )
    try:
        return validate_email(text, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError:
        raise ValidationError(
            _("This is no e-mail address. It looks like name@example.org.")
        ) from None


def email_key(email: str) -> str:
    """One address, one person: the spelling that is compared."""
    return email.casefold()


def refuse_unstorable(field: Any, *, allowed: str) -> None:
    """Refuse control characters, and give the text back without them."""
    text = field.data or ""
    clean = "".join(c for c in text if c in allowed or (ord(c) >= 32 and c != "\x7f"))
    clean = clean.encode("utf-8", "ignore").decode()  # lone surrogates
    if clean != text:
        field.data = clean
        raise ValidationError(
            _("There was an invisible character in it, which we took out. Look, then send again.")
        )


def refuse_long(field: Any, longest: int) -> None:
    if len(field.data or "") > longest:
        raise ValidationError(
            _(
                "That is longer than we can keep. Shorten it to %(longest)s characters.",
                longest=longest,
            )
        )
