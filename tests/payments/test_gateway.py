"""Speaking with Stripe: bounded in time whatever it does, and one object after a retry."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from app.core.settings import Settings
from app.payments import patience
from app.payments.events import SUBSCRIBED
from app.payments.gateway import API_VERSION, Gateway, StripeRefused, StripeUnavailable
from app.payments.patience import TookTooLong, within
from app.sandbox import serve
from tests.contract.middleware import checked
from tests.payments.till import GOOD, Till

if TYPE_CHECKING:
    from app.core.db import Database
    from app.sandbox import Server, WiredSandbox
    from tests.clocks import FixedClock
    from tests.contract.report import Report

Json = dict[str, Any]
BOUND = 12  # seconds, with a retry


@pytest.fixture
def engine_name() -> str:
    """Nothing here depends on the database."""
    return "sqlite"


@pytest.fixture
def served(sandbox: WiredSandbox, contract_report: Report) -> Iterator[Server]:
    """The sandbox on a port of its own, with everything that goes over it checked."""
    server = serve(sandbox, app=checked(sandbox.wsgi, contract_report))
    yield server
    server.stop()


@pytest.fixture
def over_http(settings: Settings, served: Server) -> Gateway:
    """The gateway as a web request has it."""
    return Gateway(settings.model_copy(update={"stripe_api_base": served.url}))


@pytest.fixture
def counter(over_http: Gateway, till: Till, db: Database) -> Till:
    """A till whose gateway goes over HTTP."""
    return Till(till.sandbox, over_http, till.clock, db)


def sessions(till: Till) -> int:
    """How many Checkout sessions Stripe has."""
    return sum(len(page) for page in till.gateway.pages("checkout.session"))


def test_our_version_is_the_one_of_the_sdk() -> None:
    assert stripe.api_version == API_VERSION


def test_nothing_is_told_to_stripe_about_its_own_speed() -> None:
    assert stripe.enable_telemetry is False


@pytest.mark.parametrize("kind", ["429", "500", "503", "html200", "half_json", "refuse"])
def test_whatever_stripe_answers_it_is_one_error_with_words(
    counter: Till, sandbox: WiredSandbox, kind: str
) -> None:
    sandbox.fault(kind, requests=9)
    began = time.monotonic()

    with pytest.raises(StripeUnavailable) as caught:
        counter.open()

    assert "Your choice is kept" in str(caught.value)
    assert time.monotonic() - began < BOUND
    assert caught.value.was_answered == (kind in ("500", "503"))


@pytest.mark.parametrize(("kind", "seconds"), [("silent", 20), ("slow", 20)])
def test_nobody_waits_for_a_stripe_that_does_not_answer(
    counter: Till,
    over_http: Gateway,
    sandbox: WiredSandbox,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    seconds: int,
    in_full: bool,
) -> None:
    bound = BOUND
    if not in_full:  # the same with a tenth of the patience
        short = patience.Patience(connect=0.2, read=0.5, whole=1.1, retries=1)
        monkeypatch.setattr(over_http, "_patience", short)
        bound = 3
    sandbox.fault(kind, requests=9, seconds=seconds)
    began = time.monotonic()

    with pytest.raises(StripeUnavailable):
        counter.open()

    assert time.monotonic() - began < bound


def test_the_patience_of_the_web_ends_before_twelve_seconds() -> None:
    assert patience.WEB.whole < BOUND
    assert (patience.WEB.connect, patience.WEB.read, patience.WEB.retries) == (2, 5, 1)
    assert patience.WORKER.whole < 60


def test_a_call_that_drips_is_left_to_itself() -> None:
    with pytest.raises(TookTooLong):
        within(0.05, lambda: time.sleep(0.5))


def test_what_a_bounded_call_gives_and_raises_arrives() -> None:
    def fail() -> None:
        raise ValueError("as it is")

    assert within(1, lambda: 5) == 5
    with pytest.raises(ValueError, match="as it is"):
        within(1, fail)


def test_a_cut_after_the_call_was_done_leaves_one_object(
    counter: Till, sandbox: WiredSandbox
) -> None:
    sandbox.fault("cut_after_execution", requests=1)

    ref, opened = counter.open()

    assert opened["metadata"]["patron_desk_ref"] == ref
    assert sessions(counter) == 1


def test_after_silence_the_same_key_is_the_same_object(
    counter: Till, sandbox: WiredSandbox, clock: FixedClock
) -> None:
    page: Json = {
        "key": "one-key", "ref": "r", "mode": "payment", "currency": "EUR", "total": 700,
        "interval": None, "product_name": "Once", "email": None,
        "language": "uk", "submit_text": "Раз", "success_url": "http://localhost/",
        "cancel_url": "http://localhost/", "expires_at": clock() + timedelta(hours=1),
    }  # fmt: skip
    sandbox.fault("cut_after_execution", requests=2)
    with pytest.raises(StripeUnavailable):
        counter.gateway.create_checkout(**page)

    again = counter.gateway.create_checkout(**page)

    assert sessions(counter) == 1
    assert again["locale"] == "auto", "Stripe's pages know no Ukrainian"
    with pytest.raises(StripeRefused):
        counter.gateway.create_checkout(**page | {"total": 800})


@pytest.mark.sends_wrong_requests
def test_what_stripe_refuses_is_an_error_of_its_own(till: Till, clock: FixedClock) -> None:
    with pytest.raises(StripeRefused) as caught:
        till.open(currency="XYZ")

    assert caught.value.status == 409
    assert till.gateway.retrieve("subscription", "sub_unknown") is None


@pytest.mark.parametrize("typed", ["", "cs_1/../../charges", "cs_1?expand", "ї", "a" * 300, "cs 1"])
def test_an_id_that_somebody_typed_goes_nowhere_else(till: Till, typed: str) -> None:
    till.sandbox.counts(reset=True)

    assert till.gateway.retrieve("checkout.session", typed) is None
    assert till.sandbox.counts()["reads"] == 0


def test_the_reference_is_on_everything_that_can_carry_it(till: Till) -> None:
    monthly, once = till.buy(), till.buy(interval=None)

    subscription = till.gateway.retrieve("subscription", monthly["subscription"])
    intent = till.gateway.retrieve("payment_intent", once["payment_intent"])

    assert subscription is not None
    assert intent is not None
    assert subscription["metadata"] == {"patron_desk_ref": monthly["ref"]}
    assert intent["metadata"] == {"patron_desk_ref": once["ref"]}


def test_an_amount_is_changed_and_charged_next_time(till: Till) -> None:
    bought = till.buy(total=500)
    found = till.gateway.retrieve("subscription", bought["subscription"])
    assert found is not None
    item = found["items"]["data"][0]
    change: Json = {
        "subscription_id": found["id"], "item_id": item["id"],
        "product_id": item["price"]["product"], "currency": "EUR", "interval": "month",
        "total": 900,
    }  # fmt: skip

    changed = till.gateway.change_amount(key="k", **change)

    assert changed["items"]["data"][0]["price"]["unit_amount"] == 900
    till.clock.advance(days=32)
    [newest, *_] = next(till.gateway.pages("charge"))
    assert newest["amount"] == 900


def test_stopping_is_taken_back_and_cancelling_twice_is_no_error(till: Till) -> None:
    subscription_id = till.buy()["subscription"]

    stopped = till.gateway.stop_at_period_end(
        key="a", subscription_id=subscription_id, stop=True
    )  # fmt: skip
    kept = till.gateway.stop_at_period_end(key="b", subscription_id=subscription_id, stop=False)
    till.gateway.cancel_now(key="c", subscription_id=subscription_id)
    again = till.gateway.cancel_now(key="d", subscription_id=subscription_id)

    assert (stopped["cancel_at_period_end"], kept["cancel_at_period_end"]) == (True, False)
    assert again["status"] == "canceled"


def test_a_refund_brings_its_charge_along(till: Till) -> None:
    bought = till.buy(GOOD, interval=None, total=1000)

    refund = till.gateway.refund(
        key="r", payment_intent_id=bought["payment_intent"], amount=400
    )  # fmt: skip

    assert refund["amount"] == 400
    assert refund["charge"]["amount_refunded"] == 400


def test_the_endpoint_is_made_once_mended_after_and_replaced_when_old(till: Till) -> None:
    url = "https://news.example/stripe/webhook"
    made = till.gateway.ensure_webhook_endpoint(url, SUBSCRIBED[:3])
    mended = till.gateway.ensure_webhook_endpoint(url, SUBSCRIBED)

    assert made["secret"].startswith("whsec_")
    assert made["id"] == mended["id"]
    assert "secret" not in mended
    assert set(mended["enabled_events"]) == set(SUBSCRIBED)

    client: Any = till.gateway._client
    old = "https://old.example/stripe/webhook"
    client.v1.webhook_endpoints.create(
        {"url": old, "enabled_events": ["invoice.paid"], "api_version": "2022-11-15"}
    )
    replaced = till.gateway.ensure_webhook_endpoint(old, SUBSCRIBED)

    assert replaced["api_version"] == API_VERSION
    states = [
        one["status"] for page in till.gateway.pages("webhook_endpoint") for one in page
        if one["url"] == old
    ]  # fmt: skip
    assert sorted(states) == ["disabled", "enabled"]
