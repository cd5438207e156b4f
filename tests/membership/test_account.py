"""The account's pages: payments, receipts, name and consents, and what is given out."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from app.accounts import erasing, exporting
from app.accounts.models import Account
from app.core.clock import wall_clock
from app.membership import receipting, settling
from app.membership.models import Consent, Pledge, Receipt, SignUp
from app.payments.models import StripeCharge
from tests.membership.counter import ANN, BAD_DEBIT, Counter
from tests.membership.paper import fields
from tests.statements import statements


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """These pages ask nothing that the tests of joining and living do not ask of both engines."""
    return str(request.param)


def flat(html: str) -> str:
    """The page with plain spaces, on one line."""
    return re.sub(r"\s+", " ", html.replace("\u00a0", " "))


def test_somebody_without_a_pledge_is_told_how_to_begin(counter: Counter) -> None:
    page = counter.signed_in().get("/account").text

    assert "You have no pledge." in page
    assert 'href="/join"' in page


def test_somebody_who_gave_once_sees_until_when_it_gives_a_vote(counter: Counter) -> None:
    counter.become_patron(amount="50", interval="once")

    page = flat(counter.signed_in().get("/account").text)

    assert "You gave 50 € on 10 June 2026." in page
    assert "It gives you a vote in every round until 10 June 2027." in page


def test_a_pending_pledge_says_that_it_is_on_its_way(counter: Counter) -> None:
    counter.become_patron(card="DE89370400440532013000")

    assert "Your first payment is on its way." in counter.signed_in().get("/account").text


def test_where_nothing_can_be_stopped_the_page_says_so_and_leads_on(counter: Counter) -> None:
    reader = counter.signed_in()
    never = reader.get("/account/stop")
    counter.become_patron(amount="5")
    token = fields(reader.get("/account/stop").text, "/account/stop")
    reader.submit("/account/stop")
    counter.settle()
    stopped = flat(reader.get("/account/stop").text)
    counter.clock.advance(days=32)
    counter.settle()
    late = reader.post("/account/stop", data=token)

    assert (never.status_code, late.status_code) == (200, 409)
    for page in (never.text, late.text):
        assert "No pledge runs with the address ann@example.org" in page
        assert 'href="/stop"' in page
    assert "You stopped it already." in stopped
    assert "It ends on 10 July 2026" in stopped


def test_payments_stand_with_their_receipts(counter: Counter) -> None:
    counter.become_patron(amount="5", cover_fees="1")
    counter.clock.advance(days=32)
    counter.settle()
    reader = counter.signed_in()

    front, page = flat(reader.get("/account").text), flat(reader.get("/account/payments").text)

    assert "2 payments, 10.66 € since 10 June 2026. Nothing was refunded." in front
    assert page.count("5.33 €") == 2
    assert "10.66 €" in page
    assert "2026-1" in page
    assert "2026-2" in page


def test_a_receipt_says_how_the_charge_was_made_up(counter: Counter) -> None:
    counter.become_patron(amount="5", cover_fees="1")

    page = flat(counter.signed_in().get(f"/account/receipts/{counter.one(Receipt).id}").text)

    for words in ("Receipt 2026-1", "Monthly pledge, 10 June 2026", "5.00 €", "0.33 €", "5.33 €",
                  "Visa ending 4242", "Able"):  # fmt: skip
        assert words in page


def test_a_receipt_keeps_its_parts_when_the_pledge_changes(counter: Counter) -> None:
    counter.become_patron(amount="5", cover_fees="1")
    reader = counter.signed_in()
    reader.submit("/account/change", {"amount": "8"}, at="/account")
    counter.settle()

    page = flat(reader.get(f"/account/receipts/{counter.one(Receipt).id}").text)

    assert "5.00 €" in page
    assert "0.33 €" in page


def test_a_refund_stands_on_the_receipt(counter: Counter) -> None:
    counter.become_patron(amount="5")
    counter.sandbox.refund(counter.sandbox_list("charge")[0]["id"], 200)
    counter.settle()
    reader = counter.signed_in()

    assert "−2.00 €" in flat(reader.get(f"/account/receipts/{counter.one(Receipt).id}").text)
    assert "2 € refunded" in flat(reader.get("/account/payments").text)


def test_a_charge_gets_its_number_once_however_often_it_is_asked_for(counter: Counter) -> None:
    counter.become_patron(amount="5")
    for _ in range(3):
        with counter.db.transaction() as session:
            receipting.issue(
                session,
                charge=session.scalars(sa.select(StripeCharge)).one(),
                kept=counter.pledge(),
                timezone="Europe/Kyiv",
                now=counter.clock(),
            )

    assert counter.one(Receipt).number == 1


def test_what_was_taken_back_is_not_given_again_by_news_of_a_debit_that_failed(
    counter: Counter,
) -> None:
    counter.sandbox.pay(counter.begin(amount="5", on_wall="1"), BAD_DEBIT, name="Ann Able")
    counter.settle()
    assert counter.count(Consent) == 1
    counter.clock.advance(days=4)
    counter.settle()
    counter.signed_in().submit("/account/consents", {"name": "Ann"})

    ref = counter.sign_up().ref
    with counter.db.transaction() as session:
        settling.settle(session, {ref: ()}, now=counter.clock())

    assert counter.sign_up().state == "failed"
    assert counter.count(Consent, Consent.withdrawn_at.is_(None)) == 0


def test_consents_are_given_and_taken_back_and_kept_as_history(counter: Counter) -> None:
    counter.become_patron(on_wall="1")
    reader = counter.signed_in()

    reader.submit("/account/consents", {"name": "Ann Able", "know_me": "1"})
    counter.clock.advance(days=1)
    reader.submit("/account/consents", {"name": "Ann Able", "know_me": "1", "on_wall": "1"})

    with counter.db.reading() as session:
        rows = session.scalars(sa.select(Consent).order_by(Consent.id)).all()
    assert [(row.kind, row.withdrawn_at is None) for row in rows] == [
        ("on_wall", False), ("know_me", True), ("on_wall", True),
    ]  # fmt: skip
    page = reader.get("/account/consents").text
    assert "Given on" in page


def test_old_events_told_again_do_not_give_back_a_consent_that_was_taken(counter: Counter) -> None:
    counter.become_patron(on_wall="1")
    counter.signed_in().submit("/account/consents", {"name": "Ann"})
    with counter.db.transaction() as session:
        session.execute(sa.text("UPDATE stripe_event SET state = 'new'"))
    counter.settle()

    assert counter.count(Consent, Consent.withdrawn_at.is_(None)) == 0


def test_who_has_signed_in_is_not_named_by_what_is_typed_at_stripe(counter: Counter) -> None:
    counter.signed_in()
    with counter.db.transaction() as session:
        session.execute(sa.update(Account).values(confirmed_at=counter.clock()))

    counter.become_patron(amount="5")

    assert counter.one(Account, Account.email == ANN).name is None


def test_a_name_that_cannot_be_kept_comes_back(counter: Counter) -> None:
    reader = counter.signed_in()

    long = reader.submit("/account/consents", {"name": "n" * 81, "on_wall": "1"})
    nul = reader.submit("/account/consents", {"name": "A\x00nn"})

    assert (long.status_code, nul.status_code) == (422, 422)
    assert "n" * 81 in long.text
    assert 'value="Ann"' in nul.text
    assert counter.count(Consent) == 0


def test_a_persons_data_has_what_they_gave(counter: Counter) -> None:
    account_id = counter.become_patron(amount="5", cover_fees="1", on_wall="1")

    with counter.db.reading() as session:
        given = exporting.export(session, account_id=account_id, wall=wall_clock())["support"]

    assert given["pledges"][0]["amount"] == "5"
    assert given["pledges"][0]["fee_cover"] == "0.33"
    assert given["payments"][0]["receipt"] == "2026-1"
    assert given["consents"][0]["kind"] == "on_wall"


def test_an_erased_persons_address_stands_in_no_form(counter: Counter) -> None:
    account_id = counter.become_patron(on_wall="1")
    with counter.db.transaction() as session:
        erasing.erase(session, account_id=account_id, actor_id=None, now=counter.clock())

    assert counter.sign_up().email == ""
    assert counter.one(Account).email is None
    assert counter.count(Consent, Consent.withdrawn_at.is_(None)) == 0
    assert counter.count(SignUp, SignUp.email_key == ANN) == 0
    assert counter.count(Pledge) == 1


def test_the_questions_to_the_database_do_not_grow_with_rows(counter: Counter) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()

    def asked() -> dict[str, int]:
        counts = {}
        for path in ("/account", "/account/payments", "/account/change", "/join"):
            reader.get(path)
            with statements(counter.db) as seen:
                assert reader.get(path).status_code == 200
            counts[path] = len(seen)
        return counts

    few = asked()
    for number in range(4):
        counter.become_patron(email=f"reader{number}@example.org")
    for _ in range(5):
        counter.clock.advance(days=32)
        counter.settle()

    assert asked() == few
    assert max(few.values()) <= 16
