"""Whatever is wrong with a form, what was typed into it comes back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from app.membership import linking
from app.membership.models import Pledge
from app.payments.models import StripeCharge
from app.topics.models import Topic
from tests.journeys.insider import Standing, come_in
from tests.journeys.scenario import ANN, Newsroom

EDITOR, FINANCE, ADMIN = (f"{role}@demo.example" for role in ("editor", "finance", "admin"))
OFFER = {"minimum": "2", "maximum": "900", "coffee": "3.20", "goal": "1400", "fee_fixed": "0.30",
         "one_time_minimum": "21", "month": "4 6", "year": "37", "once": "x"}  # fmt: skip
SETTINGS = {
    "name": "A new name", "reply_to": "nobody", "timezone": "Europe/Lisbon", "accent": "#123456",
    "default_language": "uk", "default_interval": "once", "default_currency": "UAH",
    "reporting_currency": "UAH", "fee_basis_points": "151", "grace_days": "29",
    "one_time_days": "366", "sign_up_open": "1",
}  # fmt: skip
# Each is wrong in one field; "{…}" is filled in from the newsroom.
WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("", "/join", {"interval": "year", "currency": "EUR", "amount": "41.50", "email": "nobody",
                   "cover_fees": "1", "know_me": "1", "credit_me": "1", "campaign": "bridge"}),
    ("", "/sign-in", {"email": "nobody"}),
    ("", "/stop", {"email": "nobody"}),
    ("", "/topics/suggest", {"title": "", "text": "What I know.", "email": "me@example.org"}),
    ("", "{manage}/lower", {"amount": "77777", "cover_fees": "1"}),
    (ANN, "/account/change", {"amount": "77777", "cover_fees": "1"}),
    (ANN, "/account/consents", {"name": "A" * 81, "on_wall": "1", "credit_me": "1"}),
    (EDITOR, "/admin/topics/new", {"title": "", "text": "Why it matters."}),
    (EDITOR, "/admin/topics/{topic}/move", {"to": "hold", "note": "A" * 2001}),
    (EDITOR, "/admin/topics/{topic}/words",
     {"title_en": "A title", "text_en": "A text", "title_uk": "Назва", "text_uk": "Текст",
      "weeks": "x", "proposer_name": "Viktor S."}),
    (EDITOR, "/admin/rounds/new",
     {"question_en": "What?", "question_uk": "Що?", "opens_at": "2030-01-02T10:00",
      "closes_at": "2030-01-01T10:00", "starts_on": "2030-02-01", "late_joiners": "1",
      "topics": ["{topic}"]}),
    (EDITOR, "/admin/rounds/{round}/extend",
     {"closes_at": "2020-01-01T10:00", "note": "Because of the storm."}),
    (EDITOR, "/admin/rounds/{round}/close", {"early-note": "A" * 1001}),
    (EDITOR, "/admin/settings/texts/terms", {"en": "A" * 20_001, "uk": "Умови"}),
    (ADMIN, "/admin/settings", SETTINGS),
    (ADMIN, "/admin/settings/currencies/EUR", OFFER),
    (ADMIN, "/admin/staff", {"email": "nobody", "role": "finance"}),
    (FINANCE, "/admin/payments/{charge}/refund", {"amount": "99999"}),
]  # fmt: skip
# Forms that stand on a page with another address.
STEPS = ("/lower", "/change", "/move", "/words", "/extend", "/close", "/refund")


@pytest.mark.parametrize(("who", "action", "typed"), WRONG, ids=[wrong[1] for wrong in WRONG])
def test_a_form_that_is_refused_comes_back_with_all_that_was_typed(
    newsroom: Newsroom, who: str, action: str, typed: dict[str, Any]
) -> None:
    places = places_of(newsroom)
    action = action.format(**places)
    at = action.rsplit("/", 1)[0] if action.endswith(STEPS) else action
    sent = {
        name: [one.format(**places) for one in ([given] if isinstance(given, str) else given)]
        for name, given in typed.items()
    }

    answer = come_in(newsroom.site, who).submit(action, sent, at=at)

    assert answer.status_code == 422
    wanted = {(name, value) for name, values in sent.items() for value in values if value}
    assert wanted - Standing(answer.text).filled == set()


def places_of(newsroom: Newsroom) -> dict[str, object]:
    """The addresses of what the forms are about."""
    site = newsroom.site
    with site.house.db.reading() as session:
        ref = session.scalars(sa.select(Pledge.ref).order_by(Pledge.id)).first() or ""
        listed = sa.select(Topic.id).where(Topic.status == "listed").order_by(Topic.id)
        return {
            "manage": linking.address(site.house.settings, ref).removeprefix(site.url),
            "topic": session.scalars(listed).first(),
            "round": newsroom.running,
            "charge": session.scalars(
                sa.select(StripeCharge.id).order_by(StripeCharge.created)
            ).first(),
        }
