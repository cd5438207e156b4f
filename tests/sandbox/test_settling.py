"""An account that settles in one currency: what was charged in another is converted."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from app.sandbox import currencies
from app.sandbox.converting import PER_EURO, rate_between
from app.sandbox.errors import RequestFailed
from tests.sandbox.test_changing import change

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox
    from tests.sandbox.conftest import Postbox
    from tests.sandbox.shopping import Shop

DAY = 86_400
RATES = {("usd", "eur"): 0.858, ("jpy", "eur"): 0.559, ("kwd", "eur"): 0.279, ("eur", "kwd"): 3.58}


def booked(shop: Shop, sandbox: WiredSandbox, **given: Any) -> stripe.BalanceTransaction:
    """What a payment was booked as, once it is."""
    shop.buy(interval=None, **given)
    sandbox.advance(seconds=5)
    return shop.client.v1.balance_transactions.list({"limit": 1}).data[0]


def refunded(shop: Shop, charge: Any, **given: Any) -> stripe.BalanceTransaction:
    params: Any = {"charge": str(charge), **given}
    made = shop.client.v1.refunds.create(params)
    return shop.client.v1.balance_transactions.retrieve(str(made.balance_transaction))


def converted(amount: int, rate: float | None) -> int:
    exact = amount * Decimal(str(rate))
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("amount", "currency", "into"),
    [(6000, "usd", "eur"), (1000, "jpy", "eur"), (5120, "kwd", "eur"), (500, "eur", "kwd")],
)
def test_a_charge_in_another_currency_settles_converted(
    shop: Shop, sandbox: WiredSandbox, amount: int, currency: str, into: str
) -> None:
    sandbox.knobs(settlement=into)

    found = booked(shop, sandbox, amount=amount, currency=currency)

    assert found.currency == into
    assert found.exchange_rate == pytest.approx(RATES[currency, into], rel=0.03)
    assert found.amount == converted(amount, found.exchange_rate)
    fees = {one.description: one.amount for one in found.fee_details}
    assert fees == {
        "Stripe processing fees": currencies.fee_of(found.amount, into),
        "Stripe currency conversion fee": currencies.conversion_fee_of(found.amount),
    }
    assert {one.currency for one in found.fee_details} == {into}
    assert (found.fee, found.net) == (sum(fees.values()), found.amount - found.fee)
    charge = shop.client.v1.charges.retrieve(str(found.source))
    assert (charge.amount, charge.currency) == (amount, currency)


@pytest.mark.parametrize(("settlement", "currency"), [("eur", "eur"), (None, "usd")])
def test_what_settles_in_its_own_currency_has_no_rate(
    shop: Shop, sandbox: WiredSandbox, settlement: str | None, currency: str
) -> None:
    sandbox.knobs(settlement=settlement)

    found = booked(shop, sandbox, amount=1000, currency=currency)

    assert (found.amount, found.currency, found.exchange_rate) == (1000, currency, None)
    assert (found.fee, len(found.fee_details)) == (40, 1)


def test_a_refund_is_converted_at_the_rate_of_its_own_day(
    shop: Shop, sandbox: WiredSandbox
) -> None:
    sandbox.knobs(settlement="eur")
    paid = booked(shop, sandbox, amount=6000, currency="usd")
    same_day = refunded(shop, paid.source, amount=1001)
    sandbox.advance(seconds=5 * DAY)

    later = refunded(shop, paid.source)

    assert same_day.exchange_rate == paid.exchange_rate != later.exchange_rate
    for amount, one in ((-1001, same_day), (-4999, later)):
        assert one.amount == converted(amount, one.exchange_rate) == one.net
        assert (one.currency, one.fee, one.type) == ("eur", 0, "refund")


def test_a_refund_leaves_the_balance_that_its_charge_went_to(
    shop: Shop, sandbox: WiredSandbox
) -> None:
    paid = booked(shop, sandbox, amount=1000, currency="usd")
    sandbox.knobs(settlement="eur")

    found = refunded(shop, paid.source)

    assert (found.amount, found.currency, found.exchange_rate) == (-1000, "usd", None)


def test_the_books_of_a_converting_account_are_in_one_currency(
    shop: Shop, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    sandbox.knobs(settlement="eur")
    shop.buy(amount=500, currency="eur")
    shop.buy(amount=20000, currency="uah")
    sandbox.advance(seconds=4 * DAY)
    paid = booked(shop, sandbox, amount=900, currency="usd")
    refunded(shop, paid.source, amount=300)
    shop.buy(amount=700, currency="usd")

    books = sandbox.books()

    movements = shop.client.v1.balance_transactions.list().data
    assert len(movements) == 4
    assert books["eur"] == {
        "charges": sum(one.amount for one in movements if one.amount > 0), "charges_count": 3,
        "refunds": -sum(one.amount for one in movements if one.amount < 0), "refunds_count": 1,
        "fees": sum(one.fee for one in movements), "net": sum(one.net for one in movements),
        "unbooked": 0, "unbooked_count": 0,
    }  # fmt: skip
    assert books["usd"] == dict.fromkeys(books["eur"], 0) | {"unbooked": 700, "unbooked_count": 1}
    assert books.keys() == {"eur", "usd"}
    balance = shop.client.v1.balance.retrieve()
    left = balance.pending[0].amount + balance.available[0].amount
    assert (left, balance.pending[0].currency) == (books["eur"]["net"], "eur")
    # Events tell of the charge in the payer's currency; only its id leads to the other.
    sandbox.deliver()
    assert {one["currency"] for one in postbox.objects("charge.updated")} == {"eur", "uah", "usd"}


def test_rates_are_known_for_every_currency_and_stay_near_each_other() -> None:
    assert PER_EURO.keys() == (
        currencies.ZERO_DECIMAL | currencies.TWO_DECIMAL | currencies.THREE_DECIMAL
    )
    days = [rate_between("usd", "eur", at=day * DAY, seed=0) for day in range(60)]
    assert len(set(days)) > 30
    assert max(days) / min(days) < Decimal("1.042")


@pytest.mark.parametrize("wrong", ["EUR", "xxx", "", 5, True, ["eur"]])
def test_an_account_settles_in_no_currency_that_there_is_not(
    sandbox: WiredSandbox, wrong: Any
) -> None:
    with pytest.raises(RequestFailed, match="Wrong value for settlement"):
        sandbox.knobs(settlement=wrong)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (5124, "kwd", "Currency KWD has three decimals and the last digit of amounts must be 0."),
        (550, "isk", "Currency ISK has become effectively zero-decimal"),
        (10_050, "ugx", "charged amounts must be evenly divisible by 100."),
    ],
)
def test_amounts_finer_than_the_currency_takes_are_refused(
    shop: Shop, amount: int, currency: str, words: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=words) as refused:
        shop.session(amount=amount, currency=currency, interval=None)

    assert refused.value.param == "line_items[0][price_data][unit_amount]"
    assert refused.value.code == "parameter_invalid_integer"


@pytest.mark.parametrize(
    ("amount", "currency", "part"), [(5120, "kwd", 1005), (200_000, "ugx", 250), (50_000, "isk", 1)]
)
def test_a_part_finer_than_the_currency_takes_is_not_given_back(
    shop: Shop, sandbox: WiredSandbox, amount: int, currency: str, part: int
) -> None:
    paid = booked(shop, sandbox, amount=amount, currency=currency)

    with pytest.raises(stripe.InvalidRequestError, match=r"Invalid amount\.") as refused:
        refunded(shop, paid.source, amount=part)

    assert refused.value.param == "amount"
    assert refunded(shop, paid.source).amount == -amount


def test_what_is_prorated_can_be_charged(shop: Shop, sandbox: WiredSandbox) -> None:
    one = shop.subscription(amount=5120, currency="kwd")
    sandbox.advance(seconds=11 * DAY + 17)

    change(shop, one, amount=9990, proration_behavior="always_invoice")

    charge = shop.client.v1.charges.list({"limit": 1}).data[0]
    assert 0 < charge.amount < 9990 - 5120
    assert charge.amount % 10 == 0
