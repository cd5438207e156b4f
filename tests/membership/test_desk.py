"""The desk's patrons: who sees whom, and how they are found."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from app.core import audit
from app.membership.models import Pledge
from tests import factories
from tests.membership.counter import Counter
from tests.reading import Reader
from tests.statements import statements

ROLES = ("admin", "finance", "editor", "viewer")


def at_the_desk(counter: Counter, role: str) -> Reader:
    """A browser in which somebody with this role is signed in, second factor and all."""
    with counter.db.transaction() as session:
        token = factories.sign_in(
            session, factories.make_staff(session, now=counter.clock(), role=role)
        )
    reader = counter.reader()
    with reader.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return reader


def names(page: str) -> list[str]:
    return re.findall(r'<a href="/admin/patrons/\d+">([^<]+)</a>', page)


@pytest.mark.parametrize("role", ROLES)
def test_names_are_for_who_keeps_the_accounts_and_of_those_who_allowed_it(
    counter: Counter, role: str
) -> None:
    counter.become_patron(email="open@example.org", know_me="1")
    hidden = counter.become_patron(email="hidden@example.org")
    reader = at_the_desk(counter, role)

    page = reader.get("/admin/patrons").text
    one = reader.get(f"/admin/patrons/{hidden}").text
    found = reader.get("/admin/patrons?q=hidden").text
    mails = reader.get("/admin/mail").text

    sees_all = role in ("admin", "finance")
    assert len(names(page)) == 2
    assert ("hidden@example.org" in one) == sees_all
    assert len(names(found)) == (1 if sees_all else 0)
    assert sees_all or "hidden@example.org" not in page + found
    assert ("hidden@example.org" in mails) == sees_all


def test_editors_see_no_money(counter: Counter) -> None:
    account_id = counter.become_patron(amount="7", know_me="1")
    counter.pass_days(28)  # the mail before the second charge has the amount in its subject

    for role in ("admin", "finance", "viewer", "editor"):
        reader = at_the_desk(counter, role)
        for path in ("/admin/patrons", f"/admin/patrons/{account_id}", "/admin/mail"):
            page = reader.get(path).text
            is_seen = any(sum in page for sum in ("7\u00a0€", "7.00\u00a0€"))
            assert is_seen == (role != "editor"), (role, path)


def test_a_reader_sees_nothing_of_it(counter: Counter) -> None:
    account_id = counter.become_patron()

    for path in ("/admin/patrons", f"/admin/patrons/{account_id}"):
        assert counter.signed_in().get(path).status_code == 403
        assert counter.reader().get(path).status_code == 303


def test_somebody_is_found_by_address_name_and_last_four(counter: Counter) -> None:
    counter.become_patron()
    reader = at_the_desk(counter, "finance")

    for search in ("ann@", "EXAMPLE", "Able", "able", "4242"):
        assert names(reader.get(f"/admin/patrons?q={search}").text), search


def test_somebody_is_found_by_any_id_of_stripes(counter: Counter) -> None:
    counter.become_patron()
    reader = at_the_desk(counter, "finance")

    for kind in ("subscription", "customer", "charge", "payment_intent"):
        stripe_id = counter.sandbox_list(kind)[0]["id"]
        assert names(reader.get(f"/admin/patrons?q={stripe_id}").text), kind


def test_cyrillic_names_are_found_however_they_are_cased(counter: Counter) -> None:
    account_id = counter.become_patron()
    counter.signed_in().submit("/account/consents", {"name": "Дарина Коваль"})

    found = at_the_desk(counter, "finance").get("/admin/patrons?q=КОВАЛЬ").text

    assert f"/admin/patrons/{account_id}" in found


def test_a_search_that_means_nothing_finds_nobody(counter: Counter) -> None:
    counter.become_patron()
    reader = at_the_desk(counter, "finance")

    for search in ("%", "_", "\\", "' OR 1=1", "0000", "x" * 5000):
        page = reader.get("/admin/patrons", query_string={"q": search})
        assert page.status_code == 200, search
        assert names(page.text) == [], search


def test_the_list_is_filtered_by_how_people_stand(counter: Counter) -> None:
    counter.become_patron(email="active@example.org")
    counter.become_patron(email="once@example.org", interval="once", amount="20")
    counter.become_patron(email="ending@example.org")
    counter.signed_in("ending@example.org").submit("/account/stop")
    reader = at_the_desk(counter, "finance")

    for state in ("active", "gift", "ending", "ended"):
        page = reader.get(f"/admin/patrons?state={state}").text
        wanted = {"gift": "once", "ended": ""}.get(state, state)
        assert len(names(page)) == (1 if wanted else 0), state
    assert len(names(reader.get("/admin/patrons?state=nonsense").text)) == 3


def test_one_patron_shows_what_changed_and_what_staff_did(counter: Counter) -> None:
    account_id = counter.become_patron(amount="5", know_me="1")
    patron = counter.signed_in()
    counter.clock.advance(days=1)
    patron.submit("/account/change", {"amount": "8"}, at="/account")
    counter.settle()
    with counter.db.transaction() as session:
        audit.record(
            session, actor_id=None, action="account.noted", subject=f"account:{account_id}",
            now=counter.clock(),
        )  # fmt: skip

    page = at_the_desk(counter, "admin").get(f"/admin/patrons/{account_id}").text

    for words in ("5\u00a0€ a month", "8\u00a0€ a month", "account.noted", "The newsroom may know"):
        assert words in page
    assert (
        "account.noted"
        not in at_the_desk(counter, "finance").get(f"/admin/patrons/{account_id}").text
    )


def test_somebody_who_never_gave_is_not_there(counter: Counter) -> None:
    with counter.db.transaction() as session:
        account_id = factories.make_account(session, now=counter.clock())

    reader = at_the_desk(counter, "admin")
    for number in (account_id, 10**6, 2**63):
        assert reader.get(f"/admin/patrons/{number}").status_code == 404


def test_pages_go_on_and_back_and_ask_as_much_however_long_the_list_is(counter: Counter) -> None:
    with counter.db.transaction() as session:
        for _ in range(3):
            factories.make_patron(session, now=counter.clock())
    reader = at_the_desk(counter, "finance")
    reader.get("/admin/patrons")
    with statements(counter.db) as few:
        reader.get("/admin/patrons")
    with counter.db.transaction() as session:
        for _ in range(60):
            factories.make_patron(session, now=counter.clock())

    with statements(counter.db) as many:
        first = reader.get("/admin/patrons").text
    after = re.search(r"after=(\d+)", first)
    assert after is not None
    second = reader.get(f"/admin/patrons?after={after[1]}").text

    assert (len(names(first)), len(names(second))) == (50, 13)
    assert len(few) == len(many) <= 10
    with counter.db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Pledge)) == 63
