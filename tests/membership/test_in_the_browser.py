"""The join page in a real browser: the script does in place what the links do without it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests.membership.counter import Counter

pytestmark = pytest.mark.browser


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """A browser sees no database."""
    return str(request.param)


@pytest.fixture
def address(counter: Counter) -> Iterator[str]:
    """The app on a port of loopback."""
    server = make_server("127.0.0.1", 0, counter.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """A page that fails the test on an error of a script or of the policy."""
    context = chromium.new_context(base_url=address)
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    yield opened
    context.close()
    assert troubles == []


def test_the_line_before_paying_follows_every_choice(page: Page) -> None:
    page.goto("/join?campaign=tram")
    line, button = page.locator("#charge p").first, page.locator("#charge button")

    page.get_by_text("Yearly", exact=True).click()
    expect(line).to_contain_text("each year until you stop.")
    expect(page.get_by_role("radio", name="60 €")).to_be_checked()

    page.get_by_label("Another amount").fill("7,50")
    expect(button).to_have_text("Give 7.50 € a year")
    page.get_by_label("Add 0.37 € for the card fee").check()
    expect(button).to_have_text("Give 7.87 € a year")

    page.get_by_label("Another amount").fill("5.999")
    expect(button).to_have_text("Go on")
    page.get_by_label("Another amount").fill("")
    expect(line).to_contain_text("Choose an amount")

    page.get_by_text("36 €").first.click()
    expect(button).to_have_text("Give 36 € a year")
    assert page.locator("input[name=campaign]").input_value() == "tram"


def test_what_was_chosen_with_the_script_goes_on_without_being_asked_again(
    page: Page, counter: Counter
) -> None:
    page.goto("/join")
    page.get_by_label("Another amount").fill("7")
    expect(page.locator("#charge button")).to_have_text("Give 7 € a month")
    page.get_by_label("Your e-mail").fill("ann@example.org")

    with page.expect_response(lambda got: got.request.method == "POST") as sent:
        page.locator("#charge button").click(no_wait_after=True)

    assert sent.value.status == 303
    assert counter.sign_up().amount == 700
