"""People: one address is one person, whoever comes first."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from sqlalchemy.exc import IntegrityError

from app.accounts import devices, people
from app.accounts.models import Account
from tests.accounts.door import DARYNA, Door


def test_eight_who_find_one_address_at_once_find_one_person(door: Door) -> None:
    start = Barrier(8)
    found: list[int] = []

    def find(number: int) -> None:
        start.wait()
        email = "Olena@Example.org" if number % 2 else " olena@example.org"
        with door.db.transaction() as session:
            account = people.find_or_create(session, email=email, language="en", now=door.clock())
            found.append(account.id)

    threads = [Thread(target=find, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(door.all(Account)) == 2  # and Daryna


def test_who_is_there_already_keeps_name_and_language(door: Door) -> None:
    with door.db.transaction() as session:
        account = people.find_or_create(
            session, email=DARYNA, language="uk", name="Somebody Else", now=door.clock()
        )
        assert (account.name, account.language) == (None, "en")


def test_a_new_person_has_the_name_and_a_number_that_tells_nothing(door: Door) -> None:
    with door.db.transaction() as session:
        account = people.find_or_create(
            session, email="o@example.org", language="uk", name="Olena", now=door.clock()
        )
        assert (account.name, account.language) == ("Olena", "uk")
        assert len(account.public_id) == 36


def test_the_database_itself_refuses_a_second_person_with_an_address(door: Door) -> None:
    with pytest.raises(IntegrityError):
        door.person(DARYNA.upper())


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
         "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         "Firefox, Linux"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_browser_is_told_in_a_few_words(user_agent: str, device: str) -> None:
    assert devices.describe(user_agent) == device
