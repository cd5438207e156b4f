"""The loop that everything hangs on: ask, pay, mail, sign in, vote, and the desk sees it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from tests.journeys.conftest import Visit, mostly_without_script
from tests.journeys.scenario import Newsroom
from tests.journeys.visitor import Visitor, plain

pytestmark = pytest.mark.browser

GOOD = "4242424242424242"


def test_a_reader_becomes_a_patron_votes_and_the_desk_sees_it(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    email = f"reader-{script}@example.org".lower()
    reader = visit(newsroom.site, script=script)

    reader.open("/")
    reader.follow("Become a patron from")
    reader.choose("preset", "5")
    reader.reads("You will be charged 5 € today")
    reader.page.get_by_text("The newsroom may know who I am").click()
    reader.send_join(email)
    reader.pay(GOOD)
    reader.is_thanked("Thank you. You are one of")
    reader.reads("Your first vote is open")

    newsroom.site.settle()
    reader.read_mail(email, "welcome")
    assert email in reader.says()
    reader.sign_in_by_link(email)
    reader.at("/account")
    reader.reads("You give 5 € a month")

    reader.follow("Open my ballot")
    cast_first_two(reader)
    reader.reads("Your ballot is saved, and saved is counted.")
    reader.open("/account")
    reader.reads("You have voted")

    desk_sees(newsroom, visit, email, script=script)


@mostly_without_script
def test_a_reader_comes_back_by_the_code_of_the_mail(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    reader = visit(newsroom.site, script=script)

    reader.open(f"/rounds/{newsroom.running}")
    reader.follow("Sign in to vote")
    reader.sign_in_by_code("ann@example.org", at="/sign-in?next=")

    reader.at(f"/rounds/{newsroom.running}")
    reader.reads("Your ballot is saved with 1 of 3 marked.")


@mostly_without_script
def test_a_reader_does_the_same_in_ukrainian(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    email = f"chytach-{script}@example.org".lower()
    reader = visit(newsroom.site, script=script, language="uk", width=360)

    reader.open("/")
    reader.page.locator("main a.btn").first.click()
    reader.choose("interval", "year")
    reader.reads("сьогодні й далі щороку")
    reader.send_join(email)
    assert reader.page.locator("html").get_attribute("lang") == "uk"
    reader.pay(GOOD)
    reader.is_thanked("З вами нас підтриму")
    reader.sign_in_by_code(email)
    reader.open(f"/rounds/{newsroom.running}")
    reader.reads("Що річка несе до моря")
    cast_first_two(reader)
    reader.reads("Бюлетень збережено, а отже, враховано.")
    assert newsroom.site.mails(email, "sign_in")[0].language == "uk"


def cast_first_two(reader: Visitor) -> None:
    """Mark the first two topics of the ballot, and cast it."""
    for box in reader.page.locator("main .ballot [name=choice]").all()[:2]:
        box.check()
    reader.page.locator("main form[action$='/ballot'] button").click()


def desk_sees(newsroom: Newsroom, visit: Visit, email: str, *, script: bool) -> None:
    """As staff: this person, the payment and the turnout."""
    staff = visit(newsroom.site, script=script)
    staff.sign_in_staff("admin@demo.example")
    staff.open(f"/admin/patrons?q={email}")
    staff.page.locator("main th.name a").click()
    staff.page.wait_for_url("**/admin/patrons/*")
    assert email in staff.says()
    assert "5.00 €" in staff.says()
    charge = re.search(r"\bch_\w+", staff.says())
    assert charge
    them = staff.page.locator(f"a[href='{urlsplit(staff.page.url).path}']")

    staff.open("/admin/")
    staff.page.locator("table", has_text="Newest patrons").locator("tr", has=them).wait_for()
    assert "Round 2" in staff.page.locator(".turnout").inner_text()

    staff.open(f"/admin/payments?q={charge[0]}")
    row = plain(staff.page.locator("main tbody tr").inner_text())
    assert "5.00 €" in row
    assert "4242" in row
