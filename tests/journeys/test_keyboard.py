"""Without a mouse: the join form and the ballot by Tab, Space, arrows and Enter."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Visit, mostly_with_script, mostly_without_script
from tests.journeys.scenario import BOHDAN, Newsroom
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

MOST_STEPS = 80


@mostly_with_script
def test_the_join_form_is_filled_in_and_sent_by_keys(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    reader = visit(newsroom.site, script=script)
    reader.open("/join?amount=5")

    tab_to(reader, "[name=email]")
    reader.page.keyboard.type(f"keys-{script}@example.org".lower())
    tab_to(reader, "[name=know_me]")
    reader.page.keyboard.press("Space")
    assert reader.page.locator("[name=know_me]").is_checked()
    tab_to(reader, "#charge button")
    reader.page.keyboard.press("Enter")

    reader.page.wait_for_url(f"{newsroom.site.stripe}/sandbox/checkout/**")


@mostly_without_script
def test_the_ballot_is_marked_and_cast_by_keys(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    voter = visit(newsroom.site, script=script, width=360)
    voter.sign_in_by_code(BOHDAN)
    voter.open(f"/rounds/{newsroom.running}?lang=en")
    choices = voter.page.locator("main [name=choice]")
    was_marked = choices.first.is_checked()

    tab_to(voter, "main [name=choice]")
    voter.page.keyboard.press("Space")
    assert choices.first.is_checked() != was_marked
    tab_to(voter, "main form[action$='/ballot'] button")
    voter.page.keyboard.press("Enter")

    voter.reads("Your ballot is saved, and saved is counted.")


def tab_to(visitor: Visitor, wanted: str) -> None:
    """Press Tab until this has the focus, and see that the focus is seen."""
    for _ in range(MOST_STEPS):
        visitor.page.keyboard.press("Tab")
        if visitor.page.locator(f":is({wanted}):focus").count():
            return
    raise AssertionError(f"{wanted} is not reached by Tab on {visitor.page.url}")
