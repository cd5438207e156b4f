"""When a person is erased, their name leaves the mirror, the inbox and Stripe; the money stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.accounts import erasing
from app.core.jobs import Job
from app.core.web.context import House
from app.membership.models import Pledge, SignUp
from app.payments import checks, forgetting, ledger
from app.payments.models import StripeCheckout, StripeEvent, StripeSubscription
from tests import founding
from tests.payments.till import Till

if TYPE_CHECKING:
    from flask import Flask

    from app.core.db import Database
    from app.payments.gateway import Gateway
    from app.sandbox import WiredSandbox
    from tests.clocks import FixedClock

ANN = "ann@example.org"


@pytest.fixture
def shop(app: Flask, sandbox: WiredSandbox, gateway: Gateway, clock: FixedClock) -> Till:
    """A till in front of the whole app."""
    house: House = app.extensions["house"]
    with house.db.transaction() as session:
        founding.found(session, now=clock())
    return Till(sandbox, gateway, clock, house.db)


def buy(
    shop: Till,
    settle: Callable[[], None],
    interval: str = "month",
    *,
    email: str = ANN,
    typed_at_stripe: str = ANN,
) -> dict[str, Any]:
    """Somebody signed up with an address, paid, and everything has come."""
    asked = None if interval == "once" else interval
    bought = shop.buy(interval=asked, email=typed_at_stripe)
    ref = bought["ref"]
    with shop.db.transaction() as session:
        session.add(
            SignUp(
                ref=ref, form_key=ref, idempotency_key=ref, email=email, email_key=email,
                language="en", interval=interval, currency="EUR", amount=500, fee_cover=0,
                consents=[], created_at=shop.clock(),
            )
        )  # fmt: skip
    shop.clock.advance(minutes=1)
    settle()
    return bought


def erase(shop: Till) -> None:
    with shop.db.transaction() as session:
        ann = sa.select(SignUp.account_id).where(SignUp.email == ANN)
        account_id = session.scalars(ann).first()
        assert account_id is not None
        erasing.erase(session, account_id=account_id, actor_id=None, now=shop.clock())


def whoever(db: Database) -> str:
    """Every text in which a name could stand."""
    with db.reading() as session:
        texts = [*session.scalars(sa.select(StripeEvent.body))]
        for row in session.scalars(sa.select(StripeCheckout)):
            texts += [row.email or "", row.name or ""]
        texts += [str(payload) for payload in session.scalars(sa.select(Job.payload))]
    return "\n".join(texts)


def test_name_and_address_leave_the_mirror_the_inbox_and_stripe(
    shop: Till, settle: Callable[[], None]
) -> None:
    bought, once = buy(shop, settle), buy(shop, settle, "once")
    assert ANN in whoever(shop.db)
    erase(shop)
    settle()
    shop.clock.advance(hours=25, minutes=1)
    settle()

    found = whoever(shop.db)
    assert ANN not in found
    assert '"Ann"' not in found
    customer = shop.gateway._client.v1.customers.retrieve(bought["customer"])
    assert customer["deleted"] is True
    assert once["customer"] is None


def test_the_money_stays_and_nothing_more_is_charged(
    shop: Till, settle: Callable[[], None]
) -> None:
    buy(shop, settle)
    erase(shop)
    settle()
    shop.clock.advance(days=40)
    settle()

    with shop.db.reading() as session:
        assert ledger.totals(session)["EUR"]["patrons"] == -500
        assert session.scalars(sa.select(StripeSubscription.status)).all() == ["canceled"]
        assert session.scalars(sa.select(Pledge.state)).all() == ["ended"]
        broken = checks.run(session, shop.clock())
        failed = session.scalars(sa.select(Job.error).where(Job.state != "done")).all()
    assert {name for name, rows in broken.items() if rows} == set()
    assert [error for error in failed if error] == []


def test_who_typed_the_same_address_at_stripe_is_not_forgotten_with_them(
    shop: Till, settle: Callable[[], None]
) -> None:
    buy(shop, settle)
    other = buy(shop, settle, email="bea@example.org")
    erase(shop)
    settle()

    wanted = sa.select(StripeEvent).where(StripeEvent.object_id == other["subscription"])
    with shop.db.reading() as session:
        assert all(event.body for event in session.scalars(wanted))
        subscription = session.get_one(StripeSubscription, other["subscription"])
        checkout = session.get_one(StripeCheckout, other["session"])
    assert subscription.status == "active"
    assert checkout.email is None


def test_nothing_is_scrubbed_for_nobody(shop: Till, settle: Callable[[], None]) -> None:
    buy(shop, settle)

    assert forgetting.scrub(shop.db, []) == 0
    assert forgetting.scrub(shop.db, ["cus_%"]) == 0
