from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.shopping import BAD_DEBIT, DEBIT, GOOD

if TYPE_CHECKING:
    import stripe

    from app.sandbox import WiredSandbox
    from tests.sandbox.conftest import Postbox
    from tests.sandbox.shopping import Shop

DAY = 86_400


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def period_end(subscription: stripe.Subscription) -> str:
    end = subscription["items"].data[0].current_period_end
    return datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%d %H:%M")


def test_a_renewal_is_drafted_at_the_period_end_and_collected_an_hour_later(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient, postbox: Postbox
) -> None:
    bought = shop.buy()
    sandbox.deliver()
    postbox.letters.clear()

    sandbox.advance(to=at("2026-02-28 12:30"))
    [draft] = client.v1.invoices.list({"status": "draft"}).data
    assert draft.billing_reason == "subscription_cycle"
    assert draft.automatically_finalizes_at == at("2026-02-28 13:00")
    sandbox.advance(to=at("2026-02-28 13:01"))
    sandbox.deliver()

    invoice = client.v1.invoices.retrieve(draft.id)
    assert (invoice.status, invoice.amount_paid, invoice.attempt_count) == ("paid", 500, 1)
    assert (invoice.period_start, invoice.period_end) == (
        at("2026-01-31 12:00"), at("2026-02-28 12:00"),
    )  # fmt: skip
    created = {one["type"]: one["created"] for one in postbox.events()}
    assert created["invoice.created"] == at("2026-02-28 12:00")
    assert created["customer.subscription.updated"] == at("2026-02-28 12:00")
    assert created["invoice.paid"] == at("2026-02-28 13:00")
    assert created["charge.updated"] == at("2026-02-28 13:00") + 2
    subscription = client.v1.subscriptions.retrieve(bought["subscription"])
    assert subscription.latest_invoice == invoice.id


def test_short_months_keep_the_anchor(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    subscription = shop.subscription()
    ends = [period_end(subscription)]
    for instant in ("2026-03-01", "2026-04-01", "2026-05-01", "2027-03-01"):
        sandbox.advance(to=at(instant))
        ends.append(period_end(client.v1.subscriptions.retrieve(subscription.id)))

    assert ends == [
        "2026-02-28 12:00", "2026-03-31 12:00", "2026-04-30 12:00", "2026-05-31 12:00",
        "2027-03-31 12:00",
    ]  # fmt: skip


def test_a_year_from_a_leap_day_ends_on_the_last_of_february(
    sandbox: WiredSandbox, client: stripe.StripeClient, shop: Shop
) -> None:
    sandbox.advance(to=at("2028-02-29 08:00"))
    subscription = shop.subscription(interval="year", amount=5000)
    assert period_end(subscription) == "2029-02-28 08:00"

    sandbox.advance(to=at("2032-02-28 08:00"))

    subscription = client.v1.subscriptions.retrieve(subscription.id)
    assert period_end(subscription) == "2032-02-29 08:00"


def test_a_renewal_fails_is_retried_and_ends_the_subscription(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient, postbox: Postbox
) -> None:
    bought = shop.buy(after_first="insufficient_funds")
    sandbox.advance(to=at("2026-02-28 13:01"))

    [invoice] = client.v1.invoices.list({"status": "open"}).data
    assert (invoice.attempt_count, invoice.attempted) == (1, True)
    assert invoice.next_payment_attempt == at("2026-02-28 13:00") + 3 * DAY
    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "past_due"
    assert client.v1.customers.retrieve(bought["customer"]).delinquent is True

    sandbox.advance(seconds=16 * DAY)
    sandbox.deliver()

    invoice = client.v1.invoices.retrieve(invoice.id)
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (4, None)
    assert invoice.status == "open"
    over = client.v1.subscriptions.retrieve(bought["subscription"])
    assert over.status == "canceled"
    assert over.cancellation_details is not None
    assert over.cancellation_details.reason == "payment_failed"
    assert postbox.types().count("invoice.payment_failed") == 4
    failed_at = [one["created"] for one in postbox.events() if one["type"] == "charge.failed"]
    first = at("2026-02-28 13:00")
    assert failed_at == [first + days * DAY for days in (0, 3, 8, 15)]


def test_after_the_last_retry_it_may_stay_unpaid_and_draft_on(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    sandbox.knobs(after_retries="unpaid")
    bought = shop.buy(after_first="decline")
    sandbox.advance(to=at("2026-04-01"))

    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "unpaid"
    newest = client.v1.invoices.list({"subscription": bought["subscription"]}).data[0]
    assert (newest.status, newest.auto_advance) == ("draft", False)


def test_another_card_recovers_at_the_next_retry(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    bought = shop.buy(after_first="insufficient_funds")
    sandbox.advance(to=at("2026-03-01"))
    sandbox.replace_method(bought["customer"], GOOD)
    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "past_due"

    sandbox.advance(to=at("2026-03-04"))

    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "active"
    assert client.v1.customers.retrieve(bought["customer"]).delinquent is False


def test_another_card_can_pay_what_waits_at_once(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    bought = shop.buy(after_first="insufficient_funds")
    sandbox.advance(to=at("2026-03-01"))
    sandbox.replace_method(bought["customer"], GOOD, pay_open=True)

    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "active"
    assert client.v1.invoices.list({"status": "open"}).data == []


def test_a_card_can_begin_to_fail_and_pay_again(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    bought = shop.buy()
    sandbox.behave(bought["customer"], "expired_card")
    sandbox.advance(to=at("2026-03-01"))
    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "past_due"

    sandbox.behave(bought["customer"], "pays")
    sandbox.advance(to=at("2026-03-04"))

    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "active"


def test_debits_renew_after_days(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    bought = shop.buy(DEBIT)
    sandbox.advance(to=at("2026-03-01"))
    renewal = client.v1.invoices.list({"subscription": bought["subscription"]}).data[0]
    assert renewal.status == "open"

    sandbox.advance(to=at("2026-03-04"))

    assert client.v1.invoices.retrieve(renewal.id).status == "paid"
    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "active"


def test_a_debit_that_never_pays_ends_the_subscription(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    bought = shop.buy(BAD_DEBIT)
    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "active"

    sandbox.advance(seconds=40 * DAY)

    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "canceled"
    assert sandbox.books() == {}


@pytest.mark.parametrize("months", [14])
def test_a_long_time_passes_in_order_and_adds_up(
    months: int, shop: Shop, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    for _ in range(5):
        shop.buy()
    sandbox.advance(to=at("2027-04-01"))
    sandbox.deliver()

    stamps = [one["created"] for one in postbox.events()]
    assert stamps == sorted(stamps)
    book = sandbox.books()["eur"]
    assert book["charges"] == 5 * (months + 1) * 500
    assert book["fees"] == 5 * (months + 1) * 33
    assert book["net"] == book["charges"] - book["fees"]
    assert book["unbooked"] == 0
