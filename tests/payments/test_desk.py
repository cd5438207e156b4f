"""The desk's pages about money: who sees what, finding a payment, giving back, trying again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.i18n import LANGUAGES
from app.core.web.context import House
from app.payments import changes, ledger
from app.payments.models import (
    ReconcileRun,
    StripeCharge,
    StripeEvent,
    StripeRefund,
    StripeRequest,
    StripeSubscription,
    Unclaimed,
)
from tests import factories, founding
from tests.payments.rows import REF, charge, moved
from tests.payments.till import Till
from tests.reading import Reader
from tests.statements import statements

if TYPE_CHECKING:
    from flask import Flask

    from app.payments.gateway import Gateway
    from app.sandbox import WiredSandbox
    from tests.clocks import FixedClock

WRONG_AMOUNTS = {
    "": "Write an amount", "5.999": "Write an amount", "-1": "Write an amount",
    "0": "above nought", "20.01": "more than is left", "NaN": "Write an amount",
    "9" * 5000: "longer than we can keep",
}  # fmt: skip
PAGES = ("/admin/payments", "/admin/payments?unclaimed=1", "/admin/payments/reconcile",
         "/admin/events")  # fmt: skip


@dataclass
class Desk:
    """The desk with a till beside it."""

    app: Flask
    till: Till
    settle: Callable[[], None]

    @property
    def db(self) -> Database:
        return self.till.db

    def reader(self, role: str = "finance") -> Reader:
        """A browser in which somebody with this role is signed in, second factor and all."""
        with self.db.transaction() as session:
            staff = factories.make_staff(session, now=self.till.clock(), role=role)
            token = factories.sign_in(session, staff)
        reader = self.app.test_client()
        assert isinstance(reader, Reader)
        with reader.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
        return reader

    def sell(self, **what: Any) -> str:
        """Something was bought, and its events have come; gives the newest charge of ours."""
        ref = self.till.buy(**what)["ref"]
        self.till.clock.advance(minutes=1)
        self.settle()
        newest = sa.select(StripeCharge.id).where(StripeCharge.ref == ref)
        with self.db.reading() as session:
            return session.scalars(newest.order_by(StripeCharge.created.desc())).first() or ""


@pytest.fixture
def desk(
    app: Flask,
    sandbox: WiredSandbox,
    gateway: Gateway,
    clock: FixedClock,
    settle: Callable[[], None],
) -> Desk:
    house: House = app.extensions["house"]
    with house.db.transaction() as session:
        founding.found(session, now=clock())
    return Desk(app, Till(sandbox, gateway, clock, house.db), settle)


@contextmanager
def broken_upstairs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def stumble(*_: object) -> None:
        raise RuntimeError("a bug upstairs")

    with monkeypatch.context() as patch:
        patch.setattr(changes, "on_change", [stumble])
        yield


def rows(page: str) -> list[str]:
    return re.findall(r'href="/admin/payments/((?:ch|py)_\w+)"', page)


def only(db: Database, model: Any) -> Any:
    with db.reading() as session:
        return session.scalars(sa.select(model)).one()


@pytest.mark.parametrize(
    ("role", "statuses"),
    [("admin", [200] * 4), ("finance", [200] * 4), ("viewer", [200, 200, 200, 403]),
     ("editor", [403] * 4)],
)  # fmt: skip
def test_money_is_not_for_editors_and_events_are_for_finance(
    desk: Desk, role: str, statuses: list[int]
) -> None:
    reader = desk.reader(role)

    assert [reader.get(page).status_code for page in PAGES] == statuses


def test_strangers_are_sent_to_sign_in(desk: Desk, client: Reader) -> None:
    for page in (*PAGES, "/admin/payments/ch_1", "/admin/events/1"):
        assert client.get(page).status_code == 303


def test_a_viewer_looks_and_changes_nothing(desk: Desk) -> None:
    charge_id = desk.sell(interval=None)
    reader = desk.reader("viewer")
    page = reader.get(f"/admin/payments/{charge_id}").text

    assert "Give it back" not in page
    for path in (f"/admin/payments/{charge_id}/refund", "/admin/payments/reconcile",
                 "/admin/events/1/replay"):  # fmt: skip
        refused = reader.submit(path, at="/account/devices")
        assert refused.status_code == 403


def test_names_are_for_finance(desk: Desk, clock: FixedClock) -> None:
    with desk.db.transaction() as session:
        account_id = factories.make_account(session, now=clock())
        session.execute(sa.text("UPDATE account SET name = 'Ann Archer' WHERE id = :id"),
                        {"id": account_id})  # fmt: skip
        session.add(charge())
        session.flush()
        ledger.book(session, charges=session.scalars(sa.select(StripeCharge)).all(), now=clock())
        ledger.claim(session, {REF: account_id})

    for path in ("/admin/payments", "/admin/payments/ch_1"):
        assert "Ann Archer" in desk.reader("finance").get(path).text
        seen = desk.reader("viewer").get(path).text
        assert "Ann Archer" not in seen
        assert f"A patron, number {account_id}" in seen


def test_a_payment_is_listed_with_its_fee_and_found_by_card_and_id(desk: Desk) -> None:
    monthly = desk.sell()
    once = desk.sell(card="5555555555554444", interval=None, total=2500)
    with desk.db.transaction() as session:
        session.add(moved("txn_1", source=once, amount=2625, fee=66, net=2559, currency="USD"))
    reader = desk.reader()
    page = reader.get("/admin/payments").text

    assert rows(page) == [once, monthly]
    assert "0.63\u00a0€" in page
    assert "24.37\u00a0€" in page
    assert "25.59\u00a0$" in reader.get(f"/admin/payments/{once}").text
    assert rows(reader.get("/admin/payments?q=5555").text) == []
    assert rows(reader.get("/admin/payments?q=4242").text) == [monthly]
    assert rows(reader.get("/admin/payments?q=4444").text) == [once]
    assert rows(reader.get(f"/admin/payments?q={once}").text) == [once]
    assert "No payment fits" in reader.get("/admin/payments?q=%27%22%3Cb%3E").text


def test_a_failed_try_is_listed_with_its_reason(desk: Desk) -> None:
    desk.sell(after_first="insufficient_funds")
    desk.till.clock.advance(days=31, hours=2)
    desk.settle()

    page = desk.reader().get("/admin/payments").text

    assert len(rows(page)) == 2
    assert "Not enough money" in page


def test_the_list_goes_on_by_key_in_both_directions(desk: Desk) -> None:
    with desk.db.transaction() as session:
        session.add_all([charge(f"ch_{number:03d}") for number in range(120)])
    reader = desk.reader()

    def link(page: str, word: str) -> str:
        found = re.search(rf'href="([^"]+)">{word}<', page)
        return found[1].replace("&amp;", "&") if found else ""

    first = reader.get("/admin/payments").text
    second = reader.get(link(first, "Older")).text
    third = reader.get(link(second, "Older")).text
    back = reader.get(link(third, "Newer")).text

    assert [len(rows(page)) for page in (first, second, third)] == [50, 50, 20]
    assert len({*rows(first), *rows(second), *rows(third)}) == 120
    assert rows(back) == rows(second)
    assert link(first, "Newer") == ""
    assert link(third, "Older") == ""
    assert rows(reader.get("/admin/payments?after=ch_no").text) == rows(first)


def test_the_number_of_queries_does_not_grow_with_rows(desk: Desk) -> None:
    reader = desk.reader()
    counts = []
    for number in (1, 30):
        with desk.db.transaction() as session:
            session.add_all([charge(f"ch_{number}_{one}") for one in range(number)])
        with statements(desk.db) as asked:
            for page in PAGES:
                reader.get(page)
        counts.append(len(asked))

    assert counts[0] == counts[1]
    assert counts[0] <= 8 * len(PAGES)


def test_finance_gives_part_of_a_payment_back(desk: Desk) -> None:
    charge_id = desk.sell(interval=None, total=2000)
    reader = desk.reader()
    path = f"/admin/payments/{charge_id}"

    answer = send(reader, path, amount="7,50")

    assert answer.status_code == 303
    assert "on its way back" in reader.get(path).text
    refund = only(desk.db, StripeRefund)
    assert (refund.amount, refund.status) == (750, "succeeded")
    entry = only(desk.db, AuditEntry)
    assert (entry.action, entry.details["amount"]) == ("payment.refund_asked", 750)
    assert "12.50\u00a0€ is left" in reader.get(path).text


def test_finance_gives_all_of_a_payment_back(desk: Desk) -> None:
    charge_id = desk.sell(interval=None, total=2000)
    reader = desk.reader()

    send(reader, f"/admin/payments/{charge_id}", amount="20")

    assert only(desk.db, StripeRequest).params["amount"] is None
    page = reader.get(f"/admin/payments/{charge_id}").text
    assert "refunded" in page
    assert "Give it back" not in page


def test_a_wrong_amount_comes_back_with_kind_words(desk: Desk) -> None:
    charge_id = desk.sell(interval=None, total=2000)
    reader = desk.reader()

    for amount, words in WRONG_AMOUNTS.items():
        answer = send(reader, f"/admin/payments/{charge_id}", amount=amount)
        assert answer.status_code == 422, amount
        assert words in answer.text, amount
        assert f'value="{amount}"' in answer.text
    with desk.db.reading() as session:
        assert session.scalars(sa.select(StripeRequest)).all() == []


def test_when_stripe_is_silent_the_page_says_so_and_the_worker_goes_on(desk: Desk) -> None:
    charge_id = desk.sell(interval=None, total=2000)
    reader = desk.reader()
    desk.till.sandbox.fault("cut_after_execution", path="/v1/refunds", requests=9)

    answer = send(reader, f"/admin/payments/{charge_id}", amount="5")

    assert answer.status_code == 503
    assert "Your choice is kept" in answer.text
    assert 'value="5"' in answer.text
    shown = reader.get(f"/admin/payments/{charge_id}").text
    assert "waits for Stripe’s answer, and is asked again by itself" in shown
    desk.till.sandbox.clear_faults()
    desk.till.clock.advance(minutes=6)
    desk.settle()
    assert only(desk.db, StripeRefund).amount == 500
    assert sum(len(page) for page in desk.till.gateway.pages("refund")) == 1


@pytest.mark.parametrize(
    "path",
    ["/admin/payments/ch_no", "/admin/payments/%00", f"/admin/events/{2**70}", "/admin/events/7"],
)
def test_what_is_not_there_is_a_kind_page(desk: Desk, path: str) -> None:
    assert desk.reader().get(path).status_code in (400, 404)


def test_a_failed_event_shows_its_error_and_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with broken_upstairs(monkeypatch):
        desk.till.buy()
        desk.settle()
    reader = desk.reader()
    listed = reader.get("/admin/events?state=failed").text
    numbers = re.findall(r'action="/admin/events/(\d+)/replay"', listed)
    shown = reader.get(f"/admin/events/{numbers[0]}").text

    assert "a bug upstairs" in listed
    assert "It could not be handled" in shown
    assert "&#34;object&#34;: &#34;event&#34;" in shown
    for number in numbers:
        reader.submit(f"/admin/events/{number}/replay", at=f"/admin/events/{number}")
    with desk.db.reading() as session:
        assert set(session.scalars(sa.select(StripeEvent.state))) <= {"handled", "ignored"}
        acts = session.scalars(sa.select(AuditEntry.action)).all()
    assert acts == ["event.replayed"] * len(numbers)


def test_an_event_that_fails_again_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with broken_upstairs(monkeypatch):
        desk.till.buy()
        desk.settle()
        reader = desk.reader()
        wanted = sa.select(StripeEvent.id).where(StripeEvent.state == "failed")
        with desk.db.reading() as session:
            number = session.scalars(wanted).first()
        page = reader.submit(
            f"/admin/events/{number}/replay", at=f"/admin/events/{number}", follow_redirects=True
        )

    assert "It failed again" in page.text


def test_the_purged_body_of_an_event_is_not_missed(desk: Desk) -> None:
    desk.sell()
    with desk.db.transaction() as session:
        session.execute(sa.update(StripeEvent).values(body=""))
        number = session.scalars(sa.select(StripeEvent.id)).first()

    assert "deleted after 30 days" in desk.reader().get(f"/admin/events/{number}").text


def test_the_unclaimed_stand_apart(desk: Desk, clock: FixedClock) -> None:
    with desk.db.transaction() as session:
        session.add(charge("ch_foreign", ref=None))
        session.add(Unclaimed(stripe_id="ch_foreign", type="charge", amount=3300, currency="EUR",
                              seen_at=clock()))  # fmt: skip
    reader = desk.reader()

    assert rows(reader.get("/admin/payments").text) == []
    page = reader.get("/admin/payments?unclaimed=1").text
    assert "ch_foreign" in page
    assert "33.00\u00a0€" in page
    assert reader.get("/admin/payments/ch_foreign").status_code == 404


def test_a_comparison_is_asked_for_and_its_findings_are_shown(desk: Desk) -> None:
    desk.sell()
    desk.till.clock.advance(hours=1)
    with desk.db.transaction() as session:
        session.execute(sa.update(StripeSubscription).values(amount=1))
    reader = desk.reader()
    page = "/admin/payments/reconcile"
    assert "Not compared yet" in reader.get(page).text or only(desk.db, ReconcileRun)

    reader.submit(page, at=page)
    desk.settle()

    shown = reader.get(page).text
    assert "subscription differs in amount" in shown
    assert "reconcile.asked" in only_actions(desk.db)


def test_every_page_speaks_both_languages(desk: Desk) -> None:
    charge_id = desk.sell()
    reader = desk.reader()
    for language in LANGUAGES:
        for page in (*PAGES, f"/admin/payments/{charge_id}", "/admin/events/1"):
            glue = "&" if "?" in page else "?"
            answer = reader.get(f"{page}{glue}lang={language}")

            assert answer.status_code == 200
            assert f'<html lang="{language}"' in answer.text


def only_actions(db: Database) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(sa.select(AuditEntry.action)))


def send(reader: Reader, path: str, *, amount: str) -> Any:
    page = reader.get(path).text
    key = re.search(r'name="key" value="(\w+)"', page)
    assert key is not None
    return reader.submit(f"{path}/refund", {"key": key[1], "amount": amount}, at=path)
