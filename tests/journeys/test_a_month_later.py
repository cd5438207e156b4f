"""A month passes at Stripe: pledges renew, the round closes, and the desk shows another month."""

from __future__ import annotations

import pytest

from tests.journeys import scenario
from tests.journeys.conftest import Visit
from tests.journeys.scenario import ANN, Newsroom
from tests.journeys.site import Site, until

pytestmark = pytest.mark.browser


@pytest.fixture
def later(own_site: Site) -> Newsroom:
    """A newsroom with a past, a month after."""
    made = scenario.with_a_past(own_site)
    own_site.pass_time(days=31)
    until(lambda: scenario.state_of(own_site, made.running) == "closed")
    return made


def test_a_month_renews_closes_the_round_and_shows_on_the_desk(
    later: Newsroom, visit: Visit
) -> None:
    site, month = later.site, f"{later.site.now:%B}"
    reader = visit(site)
    reader.open(f"/rounds/{later.running}/result")
    reader.reads("Result of round 2")
    assert "1 of 4 patrons voted." in reader.says()
    reader.sign_in_by_code(ANN)
    reader.reads("2 payments, 6 €")
    site.mail(ANN, "receipt")
    assert len(site.mails(ANN, "receipt")) == 1

    staff = visit(site, script=False)
    staff.sign_in_staff("admin@demo.example")
    staff.reads(f"{month}, closed to the cent")
    assert "1 of 4" in staff.page.locator(".turnout").inner_text()
    staff.open("/admin/payments")
    assert staff.page.locator("main tbody tr").count() == 6  # four firsts, two renewals
