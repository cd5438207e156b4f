"""What readers and editors send about topics and rounds, checked and put into the verbs' words."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from wtforms import BooleanField, Field, HiddenField, ValidationError

from app.core.forms import UNTYPED, EditForm, Email, Form, Line, Text, normal_email
from app.core.i18n import LANGUAGES, Lazy, language_of
from app.core.i18n import gettext as _
from app.core.i18n import lazy_gettext as _l
from app.core.pagination import LARGEST_KEY
from app.core.signing import fingerprint, new_token
from app.topics.errors import (
    AnotherIsOpen,
    NotListed,
    TooManyTopics,
    UnknownChoice,
    WrongDates,
    WrongStatus,
)
from app.topics.moderating import Wording
from app.topics.planning import Plan

LONGEST_TITLE = 140
LONGEST_ADDRESS = 500
MOST_WEEKS = 104
LOCAL = "%Y-%m-%dT%H:%M"


class Needed:
    """A field that must not stay empty, in its own words."""

    def __init__(self, message: Lazy) -> None:
        self.message = message

    def __call__(self, form: Any, field: Any) -> None:
        if not field.data:
            raise ValidationError(str(self.message))


FILLED = Needed(_l("This has to be filled in."))


class OwnEmail(Email):
    """The address of somebody who suggests without an account."""

    def pre_validate(self, form: Any) -> None:
        if not self.data:
            raise ValidationError(_("Write your e-mail address, so that we can answer you."))
        self.data = normal_email(self.data)


class LocalMoment(Line):
    """A day and an hour as the newsroom's clocks show them; ``moment`` is the instant.

    The form has the time zone as ``zone``. An hour that a change of clocks leaves out is refused;
    of one that comes twice the first is meant.
    """

    moment: datetime

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        zone = ZoneInfo(form.zone)
        try:
            local = datetime.strptime(self.data or "", LOCAL).replace(tzinfo=zone)
            self.moment = local.astimezone(UTC)
        except (ValueError, OverflowError):  # the latter at the ends of the calendar
            raise ValidationError(_("Write a day and a time, like 2026-11-29T20:00.")) from None
        if self.moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise ValidationError(_("Clocks go forward then: that time does not exist."))


class Ticked(Field):
    """Topics with a box each; ``data`` is the set of those whose box is ticked."""

    data: set[int]

    def process_data(self, value: Any) -> None:
        self.data = set(value or ())

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = chosen(valuelist)


class OnceForm(Form):
    """A form that makes something new: sent twice, it makes one."""

    form_key = Line(longest=64)

    @property
    def sent(self) -> str:
        """The same for this page's form with these words in it, different for any other."""
        typed = [f.data for f in self if f.name not in (*UNTYPED, "sure")]
        words = json.dumps(typed, default=sorted, ensure_ascii=False)
        return f"{self.form_key.data or new_token()}:{fingerprint(words)[:24]}"


class SuggestForm(OnceForm):
    """A reader's suggestion. ``website`` is there for robots."""

    title = Line(_l("In one line"), longest=LONGEST_TITLE, validators=[FILLED])
    text = Text(_l("What you know, and what you would like to know"))
    email = OwnEmail(_l("Your e-mail"))
    article = Line(longest=LONGEST_ADDRESS)
    sure = HiddenField()
    website = HiddenField()

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What goes along unseen, with what was sent or the page was opened with."""
        return [("article", self.article.data or ""), ("form_key", self.form_key.data or "")]


class MoveForm(Form):
    """An editor moves a topic on. Which statuses are open to it is the verb's rule."""

    BLAMES: ClassVar = {WrongStatus: "to"}

    to = Line(_l("To"), validators=[Needed(_l("Choose where it goes."))])
    note = Text(_l("What readers are told"), longest=2000)
    story_url = Line(_l("Address of the story"), longest=LONGEST_ADDRESS)
    reporter = Line(_l("Reporter"), longest=80)

    def validate_note(self, field: Any) -> None:
        if self.to.data in {"declined", "hold"} and not field.data:
            raise ValidationError(_("Readers see why. Write one or two sentences."))

    def validate_story_url(self, field: Any) -> None:
        if self.to.data == "published" and not is_web_address(field.data):
            raise ValidationError(_("Write the story’s whole address, like https://example.org/a."))


class WordsForm(EditForm):
    """A topic in both languages; ``own`` is the one it was written in and has to keep."""

    title_en = Line(_l("Title, English"), longest=LONGEST_TITLE)
    text_en = Text(_l("Text, English"))
    title_uk = Line(_l("Title, Ukrainian"), longest=LONGEST_TITLE)
    text_uk = Text(_l("Text, Ukrainian"))
    weeks = Line(_l("Weeks it takes"), longest=3)
    proposer_name = Line(_l("Name shown"), longest=60)
    own = "en"

    def validate_title_en(self, field: Any) -> None:
        self._refuse_empty("en", field)

    def validate_title_uk(self, field: Any) -> None:
        self._refuse_empty("uk", field)

    def validate_weeks(self, field: Any) -> None:
        text = field.data or ""
        if text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_WEEKS):
            raise ValidationError(_("Write a whole number of weeks, from 1 to 104, or nothing."))

    @property
    def words(self) -> dict[str, Wording]:
        return {
            code: Wording(self[f"title_{code}"].data or "", self[f"text_{code}"].data or "")
            for code in LANGUAGES
        }

    @property
    def weeks_taken(self) -> int | None:
        return int(self.weeks.data) if self.weeks.data else None

    def _refuse_empty(self, code: str, field: Any) -> None:
        if code == self.own and not field.data:
            raise ValidationError(_("The topic was written in this language: it needs a title."))


class AddForm(OnceForm):
    """A topic of the newsroom's own."""

    title = Line(_l("In one line"), longest=LONGEST_TITLE, validators=[FILLED])
    text = Text(_l("Why it matters"))


class RoundForm(EditForm, OnceForm):
    """A draft of a round. Times are of the newsroom's zone, which the view gives as ``zone``."""

    BLAMES: ClassVar = {WrongDates: "closes_at", TooManyTopics: "topics", NotListed: "topics"}

    question_en = Line(_l("The question, in English"))
    question_uk = Line(_l("The question, in Ukrainian"))
    opens_at = LocalMoment(_l("Opens"))
    closes_at = LocalMoment(_l("Closes"))
    starts_on = Line(_l("Reporting starts on"))
    late_joiners = BooleanField()
    topics = Ticked()
    zone = "UTC"

    def validate_question_en(self, field: Any) -> None:
        if not (field.data or self.question_uk.data):
            raise ValidationError(_("Ask the question in at least one language."))

    def validate_closes_at(self, field: Any) -> None:
        opens_at = getattr(self.opens_at, "moment", None)
        if opens_at is not None and field.moment <= opens_at:
            raise ValidationError(_("A round closes after it opens."))

    def validate_starts_on(self, field: Any) -> None:
        if field.data:
            try:
                date.fromisoformat(field.data)
            except ValueError:
                raise ValidationError(_("Write a day, like 2026-12-01, or nothing.")) from None

    def plan(self) -> Plan:
        return Plan(
            question={"en": self.question_en.data or "", "uk": self.question_uk.data or ""},
            opens_at=self.opens_at.moment,
            closes_at=self.closes_at.moment,
            late_joiners=bool(self.late_joiners.data),
            topics=sorted(self.topics.data),
            starts_on=date.fromisoformat(self.starts_on.data) if self.starts_on.data else None,
        )


class NoteForm(Form):
    """The public reason for a changed end."""

    note = Text(_l("Why, in public"), longest=1000, validators=[FILLED])

    @property
    def by_language(self) -> dict[str, str]:
        text = self.note.data or ""
        return {language_of(text, "en"): text}


class ExtendForm(NoteForm):
    """A later end, and why."""

    BLAMES: ClassVar = {WrongDates: "closes_at", AnotherIsOpen: "closes_at"}

    closes_at = LocalMoment(_l("Closes"))
    zone = "UTC"


def chosen(values: list[str]) -> set[int]:
    """The topics that boxes were ticked for; raises UnknownChoice for what is no id of ours."""
    if not all(v.isascii() and v.isdigit() and len(v) <= len(str(LARGEST_KEY)) for v in values):
        raise UnknownChoice()
    topics = {int(value) for value in values}
    if any(topic > LARGEST_KEY for topic in topics):
        raise UnknownChoice()
    return topics


def is_web_address(text: str | None) -> bool:
    """Whether a browser may be sent there: http or https, with a host."""
    try:
        parts = urlsplit(text or "")
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def local(moment: datetime, zone: str) -> str:
    """An instant as LocalMoment reads it."""
    return moment.astimezone(ZoneInfo(zone)).strftime(LOCAL)
