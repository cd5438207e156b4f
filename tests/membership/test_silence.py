"""Stripe silent, slow, failing or cut off: an honest page, the choice kept, one object."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app.core import jobs
from app.core.settings import Settings
from app.membership.models import SignUp
from app.newsroom.models import CurrencyOffer
from app.payments import gateway, requesting
from app.payments.models import StripeCharge, StripeRequest
from app.payments.patience import Patience
from tests.membership.counter import ANN, Counter, session_of
from tests.membership.paper import fields

CHECKOUT = "/v1/checkout/sessions"


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """These pages ask nothing that the tests of joining and living do not ask of both engines."""
    return str(request.param)


@pytest.mark.parametrize(
    "kind",
    ["refuse", "429", "500", "503", "500_stored", "html200", "half_json", "cut_after_execution"],
)
def test_the_choice_is_kept_and_the_retry_makes_one_page(counter: Counter, kind: str) -> None:
    reader = counter.reader()
    counter.sandbox.fault(kind, path=CHECKOUT, requests=2)  # the first try, and the SDK's second

    first = counter.send(reader, amount="7", know_me="1", shown="-")

    assert first.status_code == 503
    assert "We could not reach Stripe just now. Your choice is kept" in first.text
    assert int(first.headers["Retry-After"]) > 0
    back = fields(first.text, "/join")
    assert (back["amount"], back["email"], back["know_me"]) == ("7", ANN, "1")
    assert counter.count(SignUp) == 1

    counter.sandbox.clear_faults()
    second = reader.post("/join", data=back)

    assert second.status_code == 303
    assert counter.count(SignUp) == counter.sessions_at_stripe() == 1
    assert counter.sign_up().checkout_id == session_of(second)


def test_an_answer_of_500_is_not_asked_for_with_the_same_key(counter: Counter) -> None:
    reader = counter.reader()
    counter.sandbox.fault("500_stored", path=CHECKOUT, requests=2)

    first = counter.send(reader)
    counter.sandbox.clear_faults()
    second = reader.post("/join", data=fields(first.text, "/join"))

    assert second.status_code == 303
    with counter.db.reading() as session:
        rows = session.query(StripeRequest).order_by(StripeRequest.id).all()
        assert [row.state for row in rows] == ["refused", "done"]


@pytest.mark.parametrize("kind", ["503", "500_stored", "cut_after_execution"])
def test_a_stop_that_was_kept_is_done_when_stripe_answers_and_nothing_more_is_charged(
    counter: Counter, kind: str
) -> None:
    counter.become_patron(amount="5")
    counter.sandbox.fault(kind, path="/v1/subscriptions", method="POST", requests=2)

    first = counter.signed_in().submit("/account/stop")

    assert first.status_code == 503
    assert "Your choice is kept" in first.text
    counter.sandbox.clear_faults()
    counter.let_pass(minutes=6)  # what the worker does by itself
    assert counter.pledge().cancels_at is not None
    counter.clock.advance(days=32)
    counter.settle()
    assert counter.count(StripeCharge) == 1
    assert counter.pledge().state == "ended"


def test_what_is_asked_later_overtakes_what_stripe_has_not_answered(counter: Counter) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()
    counter.sandbox.fault("503", path="/v1/subscriptions", method="POST", requests=2)
    assert reader.submit("/account/stop").status_code == 503
    counter.sandbox.clear_faults()

    raised = reader.submit("/account/change", {"amount": "8"}, at="/account")
    counter.let_pass(minutes=6)  # what the worker does by itself

    assert raised.status_code == 303
    assert (counter.pledge().total, counter.pledge().cancels_at) == (800, None)


@pytest.mark.sends_wrong_requests
def test_who_was_told_that_their_choice_is_kept_learns_when_stripe_says_no(
    counter: Counter,
) -> None:
    counter.become_patron(amount="5")
    counter.sandbox.fault("503", path="/v1/subscriptions", method="POST", requests=2)
    assert counter.signed_in().submit("/account/stop").status_code == 503
    counter.sandbox.clear_faults()
    subscription_id = counter.pledge().subscription_id or ""
    counter.work.services["gateway"].cancel_now(key="elsewhere", subscription_id=subscription_id)

    counter.clock.advance(minutes=6)
    requesting.finish_open(counter.db, counter.work.services["gateway"], now=counter.clock())
    jobs.run_due(counter.work)

    (mail,) = counter.mails("pledge_unchanged")
    assert "you asked us to stop your pledge" in mail.text
    assert "now it did not accept this" in mail.text


@pytest.fixture
def black_hole() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as hole:
        yield f"http://127.0.0.1:{hole.getsockname()[1]}"


def test_a_silent_stripe_is_an_honest_page_with_the_choice_kept(
    counter: Counter, settings: Settings, black_hole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a tenth of the time that readers are asked to have; the long form takes the whole."""
    monkeypatch.setattr(gateway, "WEB", Patience(connect=0.2, read=0.5, whole=1.1, retries=1))
    left_alone(counter, settings, black_hole, seconds=3)


@pytest.mark.long
def test_a_silent_stripe_keeps_nobody_waiting_for_15_seconds(
    counter: Counter, settings: Settings, black_hole: str
) -> None:
    left_alone(counter, settings, black_hole, seconds=15)


def left_alone(counter: Counter, settings: Settings, hole: str, *, seconds: float) -> None:
    """Send the form to a Stripe that never answers; then to one that does."""
    silent = settings.model_copy(update={"stripe_api_base": hole})
    speaking = counter.house.services["gateway"]
    counter.house.services["gateway"] = gateway.Gateway(silent)
    reader = counter.reader()
    started = time.monotonic()

    first = counter.send(reader, amount="7", shown="-")

    assert time.monotonic() - started < seconds
    assert first.status_code == 503
    counter.house.services["gateway"] = speaking
    assert reader.post("/join", data=fields(first.text, "/join")).status_code == 303
    assert counter.count(SignUp) == counter.sessions_at_stripe() == 1


def test_what_stripe_refuses_is_said_and_may_be_tried_anew(counter: Counter) -> None:
    reader = counter.reader()
    with counter.db.transaction() as session:
        session.execute(sa.update(CurrencyOffer).values(minimum=1))

    first = counter.send(reader, amount="0.01", shown="-")

    assert first.status_code == 409
    assert "Nothing was charged and nothing was changed." in first.text
    assert counter.sign_up().state == "expired"
    again = fields(first.text, "/join") | {"amount": "5", "shown": ""}
    assert reader.post("/join", data=again).status_code == 303


def test_pages_that_need_no_stripe_are_unaffected(counter: Counter) -> None:
    counter.sandbox.fault("refuse", requests=100)

    for path in ("/", "/join", "/stop", "/supporters", "/terms", "/ways-to-support"):
        assert counter.reader().get(path).status_code == 200
