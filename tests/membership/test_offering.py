"""The arithmetic of giving: exact, in whole minor units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import Money
from app.membership import offering
from app.membership.offering import Choice, Fee, NotOffered
from app.newsroom.founding import OFFERS
from app.newsroom.models import Newsroom

EUR = OFFERS[0]
ROOM = Newsroom(fee_basis_points=150)
EUROPEAN = Fee(basis_points=150, fixed=25)
fees = st.builds(Fee, basis_points=st.integers(0, 1000), fixed=st.integers(0, 500))
amounts = st.integers(1, 10_000_000)


def month(amount: int, cover: int = 0) -> Choice:
    return Choice("month", "EUR", amount, cover)


def test_of_3_euros_monthly_2_70_arrive_and_36_once_a_year_bring_35_21() -> None:
    told = offering.arrival(ROOM, EUR, month(300))

    assert told.each == Money(270, "EUR")
    assert told.over_a_year == Money(3240, "EUR")
    assert (told.yearly, told.yearly_arrives) == (Money(3600, "EUR"), Money(3521, "EUR"))


def test_of_5_euros_monthly_4_67_arrive_and_60_once_a_year_bring_58_85() -> None:
    told = offering.arrival(ROOM, EUR, month(500))

    assert (told.each.minor, told.over_a_year) == (467, Money(5604, "EUR"))
    assert told.yearly_arrives == Money(5885, "EUR")


def test_paying_once_a_year_is_not_offered_above_the_maximum() -> None:
    told = offering.arrival(ROOM, EUR, month(50_000))

    assert told.yearly is None


def test_a_gift_has_no_year() -> None:
    told = offering.arrival(ROOM, EUR, Choice("once", "EUR", 3600, 0))

    assert (told.each.minor, told.over_a_year, told.yearly) == (3521, None, None)


@pytest.mark.parametrize(("amount", "cover"), [(300, 30), (500, 33), (1000, 41), (3600, 80)])
def test_the_cover_makes_the_full_amount_arrive(amount: int, cover: int) -> None:
    assert EUROPEAN.cover(amount) == cover
    assert EUROPEAN.arrives(amount + cover) == amount


@given(fees, amounts)
def test_a_covered_amount_arrives_in_full_and_not_a_cent_more_is_asked(
    fee: Fee, amount: int
) -> None:
    cover = fee.cover(amount)

    assert fee.arrives(amount + cover) >= amount
    assert fee.arrives(amount + cover - 1) < amount


@given(fees, amounts)
def test_fee_and_what_arrives_make_the_charge(fee: Fee, total: int) -> None:
    assert fee.of(total) + fee.arrives(total) == total
    assert fee.of(total) >= 0


def test_where_stripe_takes_whole_units_only_the_cover_is_one_that_it_takes() -> None:
    fee = Fee(basis_points=290, fixed=500, step=100)

    assert (10_000 + fee.cover(10_000)) % 100 == 0
    assert fee.arrives(10_000 + fee.cover(10_000)) >= 10_000


@pytest.mark.parametrize("text", ["5", "5,00", "5.00", " 5.0 ", "05"])
def test_an_amount_may_be_typed_with_comma_or_point(text: str) -> None:
    assert offering.amount(text, EUR) == 500


@pytest.mark.parametrize(
    "text",
    [
        "5.999", "0", "-1", "1e9", "1,000", "1.000", "٣", "NaN", "", "   ", "9" * 5000, "1.99",
        "1000.01", "5 5", "+5", "0x5", "５", "1_0", "5.", ".5", "inf", "5€",
    ],
)  # fmt: skip
def test_what_is_no_amount_or_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(NotOffered) as refused:
        offering.amount(text, EUR)
    assert len(str(refused.value.message)) > 20


def test_the_bounds_themselves_can_be_given() -> None:
    assert offering.amount("2", EUR) == 200
    assert offering.amount("1000", EUR) == 100_000


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.currency)
@pytest.mark.parametrize("interval", offering.INTERVALS)
def test_every_card_can_be_given_and_the_second_is_suggested(offer, interval) -> None:  # type: ignore[no-untyped-def]
    cards = offering.presets(offer, interval)

    assert cards == sorted(cards)
    assert [offering.within_bounds(amount, offer) for amount in cards] == cards
    assert offering.suggested(offer, interval) == cards[1]
