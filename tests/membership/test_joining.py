"""A reader becomes a patron: the form, the payment, and what follows from it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
import stripe

from app.accounts.models import Account
from app.core.errors import AppError
from app.membership import joining
from app.membership.models import Consent, Gift, Pledge, Receipt, SignUp
from app.newsroom.models import Newsroom
from app.payments.gateway import StripeRefused, StripeUnavailable
from app.payments.models import LedgerTransaction, StripeRequest
from tests.membership.counter import ANN, DEBIT, GOOD, Counter, session_of
from tests.membership.paper import fields


def test_a_reader_pays_and_is_a_patron_with_a_receipt(counter: Counter) -> None:
    account_id = counter.become_patron(amount="5")

    pledge = counter.pledge()
    assert (pledge.account_id, pledge.state, pledge.total) == (account_id, "active", 500)
    assert pledge.started_at == counter.clock()
    assert counter.sign_up().state == "paid"
    assert counter.one(Account).email == ANN
    assert counter.one(Receipt).number == 1
    assert counter.one(LedgerTransaction, LedgerTransaction.kind == "charge").account_id
    assert len(counter.mails("welcome")) == 1


def test_money_given_once_is_a_gift_that_gives_good_standing_for_a_year(counter: Counter) -> None:
    counter.become_patron(amount="50", interval="once")

    gift = counter.one(Gift)
    assert (gift.state, gift.amount, gift.paid_at) == ("paid", 5000, counter.clock())
    assert (gift.standing_until - gift.paid_at).days == 365
    assert counter.count(Pledge) == 0


def test_a_small_gift_gives_no_standing(counter: Counter) -> None:
    counter.become_patron(amount="10", interval="once")

    assert counter.one(Gift).standing_until is None


def test_the_page_shows_the_choice_that_its_address_names(counter: Counter) -> None:
    page = counter.reader().get(
        "/join?amount=7.50&currency=EUR&interval=year&email=bo@example.org"
        "&campaign=tram&article=/a/1"
    )

    form = fields(page.text, "/join")
    assert (form["amount"], form["interval"], form["currency"]) == ("7.50", "year", "EUR")
    assert (form["email"], form["campaign"], form["article"]) == (
        "bo@example.org", "tram", "/a/1",
    )  # fmt: skip
    assert "Give 7.50\u00a0€ a year" in page.text


def test_a_preset_in_the_address_chooses_its_card(counter: Counter) -> None:
    form = fields(counter.reader().get("/join?amount=10").text, "/join")

    assert (form["preset"], form["amount"]) == ("10", "")


def test_the_cards_lead_to_this_page_with_the_choice_made_and_the_source_kept(
    counter: Counter,
) -> None:
    page = counter.reader().get("/join?campaign=tram&cover_fees=1").text

    assert "/join?interval=once&amp;currency=EUR&amp;cover_fees=1&amp;campaign=tram" in page
    assert "cover_fees=1&amp;campaign=tram&amp;amount=25" in page


def test_an_amount_typed_freely_is_shown_with_its_line_before_it_is_paid(counter: Counter) -> None:
    reader = counter.reader()

    first = counter.send(reader, amount="7")

    assert first.status_code == 422
    assert "You chose another amount than this page showed." in first.text
    assert "You will be charged 7\u00a0€ today and on the 10th of each month" in first.text
    assert counter.count(SignUp) == 0
    second = reader.post("/join", data=fields(first.text, "/join"))
    assert second.status_code == 303
    assert counter.sign_up().amount == 700


def test_another_card_without_a_script_is_shown_before_it_is_paid(counter: Counter) -> None:
    answer = counter.send(counter.reader(), preset="10")

    assert answer.status_code == 422
    assert "Give 10\u00a0€ a month" in answer.text


def test_a_fee_that_is_added_is_shown_before_it_is_paid(counter: Counter) -> None:
    reader = counter.reader()

    first = counter.send(reader, cover_fees="1")
    second = reader.post("/join", data=fields(first.text, "/join"))

    assert "You will be charged 5.33\u00a0€" in first.text
    assert second.status_code == 303
    assert (counter.sign_up().amount, counter.sign_up().fee_cover) == (500, 33)


def test_who_sends_only_the_documented_fields_goes_on_to_pay(counter: Counter) -> None:
    reader = counter.reader()
    token = fields(reader.get("/join").text, "/join")["csrf_token"]

    answer = reader.post(
        "/join",
        data={
            "email": ANN, "amount": "7.00", "currency": "EUR", "interval": "month",
            "csrf_token": token,
        },
    )  # fmt: skip

    assert answer.status_code == 303
    assert counter.sign_up().amount == 700


def test_stripe_is_asked_with_our_words_and_reference_only(counter: Counter) -> None:
    reader = counter.reader()
    reader.get("/join?lang=uk")

    checkout = counter.begin(reader=reader, amount="5")

    (asked,) = counter.sandbox_list("checkout.session")
    assert asked["id"] == checkout
    assert asked["locale"] == "auto"
    assert asked["metadata"] == {"patron_desk_ref": counter.sign_up().ref}
    assert asked["customer_email"] == ANN
    assert "5\u00a0€ сьогодні" in asked["custom_text"]["submit"]["message"]
    assert asked["success_url"].endswith("/join/thanks?session_id={CHECKOUT_SESSION_ID}")
    assert "email" not in asked["cancel_url"]
    request = counter.one(StripeRequest)
    assert (request.state, request.result_id) == ("done", checkout)
    assert ANN not in str(request.params)


def test_a_form_sent_twice_is_one_row_and_one_page(counter: Counter) -> None:
    reader = counter.reader()
    form = fields(reader.get("/join").text, "/join") | {"email": ANN}

    places = {reader.post("/join", data=form).headers["Location"] for _ in range(3)}

    assert len(places) == 1
    assert counter.count(SignUp) == counter.sessions_at_stripe() == 1


@pytest.mark.parametrize("error", [StripeUnavailable(), StripeRefused()])
def test_what_stripe_answered_to_another_tab_is_not_lost_by_what_it_says_to_this_one(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, error: AppError
) -> None:
    gateway = counter.house.services["gateway"]
    asked = gateway.create_checkout

    def answer_another(**page: object) -> None:
        made = asked(**page)
        with counter.db.transaction() as session:
            answered = {"checkout_id": made["id"], "checkout_url": made["url"]}
            session.execute(sa.update(SignUp).values(answered))
        raise error

    monkeypatch.setattr(gateway, "create_checkout", answer_another)
    answer = counter.send(counter.reader())

    assert (answer.status_code == 303) is isinstance(error, StripeUnavailable)
    assert counter.sign_up().state == "open"


def test_twenty_clicks_at_once_are_one_row_and_one_page(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in earnest: meanwhile the first click is answered.
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.5)
    reader = counter.reader()
    form = fields(reader.get("/join").text, "/join") | {"email": ANN}
    cookie = reader.get_cookie("session")
    assert cookie is not None

    def click(_: int) -> str:
        browser = counter.reader()
        browser.set_cookie("session", cookie.value)
        return str(browser.post("/join", data=form).headers["Location"])

    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(click, range(20)))

    assert len(places) == 1
    assert counter.count(SignUp) == counter.sessions_at_stripe() == 1


def test_a_second_tab_with_the_same_choice_leads_to_the_same_page(counter: Counter) -> None:
    reader = counter.reader()

    one, other = counter.begin(reader=reader), counter.begin(reader=reader)

    assert one == other
    assert counter.sessions_at_stripe() == 1


def test_a_second_tab_with_another_choice_gets_its_own_page(counter: Counter) -> None:
    reader = counter.reader()

    assert counter.begin(reader=reader) != counter.begin(reader=reader, amount="10")


def test_another_browser_gets_its_own_page_for_the_same_address(counter: Counter) -> None:
    assert counter.begin() != counter.begin()


def test_a_form_sent_again_after_its_page_ran_out_gets_a_new_page(counter: Counter) -> None:
    reader = counter.reader()
    form = fields(reader.get("/join").text, "/join") | {"email": ANN}
    first = session_of(reader.post("/join", data=form))
    counter.clock.advance(seconds=joining.OPEN_FOR.total_seconds() + 1)
    counter.settle()

    again = [session_of(reader.post("/join", data=form)) for _ in range(2)]

    assert again[0] == again[1] != first
    assert counter.count(SignUp, SignUp.state == "expired") == 1


def test_a_form_sent_again_after_it_was_paid_leads_to_the_thanks(counter: Counter) -> None:
    reader = counter.reader()
    form = fields(reader.get("/join").text, "/join") | {"email": ANN}
    checkout = session_of(reader.post("/join", data=form))
    counter.sandbox.pay(checkout, "4242424242424242", name="Ann")
    counter.settle()

    again = reader.post("/join", data=form)

    assert again.headers["Location"] == f"/join/thanks?session_id={checkout}"
    assert counter.sessions_at_stripe() == 1


def test_consents_are_rows_with_the_words_that_were_seen(counter: Counter) -> None:
    account_id = counter.become_patron(on_wall="1", credit_me="1")

    with counter.db.reading() as session:
        rows = session.query(Consent).order_by(Consent.kind).all()
    assert [(row.kind, row.account_id) for row in rows] == [
        ("credit_me", account_id), ("on_wall", account_id),
    ]  # fmt: skip
    assert "wall of supporters" in rows[1].wording
    assert (rows[1].wording_version, rows[1].language) == (1, "en")


def test_nothing_is_allowed_that_was_not_ticked(counter: Counter) -> None:
    counter.become_patron()

    assert counter.count(Consent) == 0


def test_campaign_article_and_referrer_stay_with_the_pledge(counter: Counter) -> None:
    reader = counter.reader()
    page = reader.get(
        "/join?campaign=tram&article=/a/1", headers={"Referer": "https://news.example/a/1?x=1"}
    )
    sent = reader.post("/join", data=fields(page.text, "/join") | {"email": ANN})
    counter.sandbox.pay(session_of(sent), "4242424242424242")
    counter.settle()

    assert (counter.pledge().campaign, counter.pledge().article) == ("tram", "/a/1")
    assert counter.sign_up().referrer == "https://news.example/a/1"


def test_until_a_debit_is_paid_it_gives_no_right(counter: Counter) -> None:
    counter.become_patron(card=DEBIT)

    pledge = counter.pledge()
    assert (pledge.state, pledge.started_at, counter.sign_up().state) == (
        "pending", None, "pending",
    )  # fmt: skip
    assert counter.mails("welcome") == []

    counter.clock.advance(days=4)
    counter.settle()

    assert counter.pledge().state == "active"
    assert counter.sign_up().state == "paid"
    assert len(counter.mails("welcome")) == 1


def test_who_is_signed_in_and_gives_already_is_asked_to_raise_or_give_once(
    counter: Counter,
) -> None:
    counter.become_patron(amount="3")
    reader = counter.signed_in()

    page = reader.get("/join")
    sent = counter.send(reader)

    assert "You already give 3\u00a0€ a month." in page.text
    assert sent.status_code == 422
    assert "You already give 3\u00a0€ a month." in sent.text
    assert counter.sessions_at_stripe() == 1
    assert counter.send(reader, interval="once", amount="20", shown="-").status_code == 303


def test_who_waits_for_a_debit_is_told_so_and_may_pay_another_way(counter: Counter) -> None:
    counter.become_patron(amount="5", card=DEBIT)
    reader = counter.signed_in()

    page = reader.get("/join").text.replace("\u00a0", " ")
    again = counter.begin(reader=reader, amount="3")
    counter.sandbox.pay(again, GOOD, name="Ann")
    counter.settle()
    counter.clock.advance(days=4)
    counter.settle()

    assert "Your payment of 5 € is on its way since 10 June 2026." in page
    assert "already give" not in page
    assert counter.pledge(Pledge.state == "active").total == 300
    charges = counter.sandbox_list("charge")
    assert [(one["amount"], one["amount_refunded"]) for one in charges] == [(500, 500), (300, 0)]


def test_a_stranger_learns_nothing_of_whose_address_it_is(counter: Counter) -> None:
    counter.become_patron(amount="3")

    known = counter.send(counter.reader())
    unknown = counter.send(counter.reader(), email="bo@example.org")

    assert known.status_code == unknown.status_code == 303
    assert "already give" not in counter.send(counter.reader(), amount="0").text


def test_a_closed_sign_up_says_so_and_takes_nothing(counter: Counter) -> None:
    reader = counter.reader()
    form = fields(reader.get("/join").text, "/join") | {"email": ANN}
    with counter.db.transaction() as session:
        session.query(Newsroom).update({"sign_up_open": False})

    assert "We are not taking new pledges" in reader.get("/join").text
    assert reader.post("/join", data=form).status_code == 409
    assert counter.count(SignUp) == 0


@pytest.mark.parametrize(("tries", "email"), [(10, ANN), (15, "")])
def test_too_many_pledges_begun_are_refused_with_what_was_typed(
    counter: Counter, tries: int, email: str
) -> None:
    reader = counter.reader()
    for number in range(tries):
        address = email or f"reader{number}@example.org"
        amount = str(20 + number)
        assert counter.send(reader, email=address, amount=amount, shown="-").status_code == 303

    answer = counter.send(reader, email=email or ANN, amount="77", shown="-")

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert fields(answer.text, "/join")["amount"] == "77"
    assert counter.count(SignUp) == tries
