"""What a patron does with a pledge: more, less, stop, undo; signed in, or from a mail."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Visit, mostly_with_script, mostly_without_script
from tests.journeys.scenario import Newsroom
from tests.journeys.visitor import Visitor
from tests.journeys.walker import MANAGE, Walker, link_in

pytestmark = pytest.mark.browser


@mostly_with_script
def test_a_patron_raises_lowers_stops_and_undoes(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    email = f"changes-{script}@example.org".lower()
    Walker(newsroom.site).join(email, "?amount=5")
    patron = visit(newsroom.site, script=script)
    patron.sign_in_by_code(email)

    for amount in ("10", "3"):
        give(patron, amount)
        patron.reads(f"Changed. From the next charge on it is {amount} €.")
        patron.reads(f"You give {amount} € a month")

    patron.follow("Stop my pledge")
    patron.press("Stop my pledge")
    patron.reads("You stopped it.")
    patron.page.locator("form[action='/account/keep'] button").click()
    patron.reads("It goes on as before.")
    patron.reads("You give 3 € a month")
    newsroom.site.settle()
    newsroom.site.mail(email, "pledge_stopped")
    newsroom.site.mail(email, "pledge_changed")


@mostly_without_script
def test_a_patron_stops_from_the_mail_without_signing_in(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    email = f"stops-{script}@example.org".lower()
    Walker(newsroom.site).join(email, "?amount=5")
    asker = visit(newsroom.site, script=script)
    asker.open("/stop")
    asker.fill(email=email)
    asker.press("Send me the link")
    asker.reads("If somebody gives with this address, a mail is on its way.")
    link = link_in(newsroom.site.mail(email, "manage_link").text, MANAGE)

    patron = visit(newsroom.site, script=script, width=360)
    patron.open(link)
    patron.reads("You give 5 € a month")
    patron.press("Stop my pledge")
    patron.reads("Stopped. Nothing is charged any more.")
    patron.reads("You stopped your pledge.")
    patron.page.locator("form[action$='/keep'] button").click()
    patron.reads("It goes on as before.")

    assert patron.open("/account") == 200
    patron.at("/sign-in**")


def give(patron: Visitor, amount: str) -> None:
    """Choose another amount, look at the charge before and after, and change it."""
    patron.open("/account/change")
    patron.fill(amount=amount)
    patron.page.locator("main form[method=get] button").click()
    patron.reads(f"You will be charged {amount} € instead of")
    patron.page.locator("main form[method=post] button").click()
