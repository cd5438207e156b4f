"""Every page that a person can meet, how it is come by, and who meets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

import sqlalchemy as sa

from app.accounts.models import LoginSession
from app.core.clock import wall_clock
from app.mail.models import OutboxMessage
from app.membership import linking
from app.membership.models import Pledge, Receipt
from app.payments.models import StripeCharge, StripeEvent
from app.topics.models import Topic
from tests.journeys.scenario import ANN, BOHDAN, CLAIRE, DMYTRO, Newsroom
from tests.journeys.visitor import Visitor, link_of

Act = Callable[[Visitor], None]
PATRONS = (ANN, BOHDAN, CLAIRE, DMYTRO)
COMBINATIONS = list(product(("en", "uk"), ("light", "dark"), (360, 1280)))
# GET addresses that answer no page of ours to a person, and why they are in no list.
NO_PAGES = {
    "static": "files",
    "newsroom.theme": "a style sheet",
    "ops.up": "a word for machines",
    "ops.ready": "JSON for machines",
    "topics.ballots_csv": "a file",
    "topics.recount_script": "a file",
    "topics.result_json": "JSON",
    "dev_mail.show_html": "the mail itself, in the frame of dev_mail.show_mail",
}


@dataclass(frozen=True)
class Stop:
    """One page, or one state of a page: ``act`` leads there from ``path``."""

    name: str
    path: str
    who: str = "stranger"  # or "ann", "admin", "locked" (staff without the second factor)
    status: int = 200
    act: Act | None = None
    leads_to: str = ""  # the address where ``act`` ends, if it is another one


def stops(newsroom: Newsroom) -> list[Stop]:
    """All pages of a newsroom with a past."""
    places = (_joining, _entering, _reading, _patrons, _desk, _settings)
    return [stop for place in places for stop in place(newsroom)]


def _joining(newsroom: Newsroom) -> list[Stop]:
    return [
        Stop("front", "/"),
        Stop("join", "/join"),
        Stop("join-year", "/join?interval=year&cover_fees=1"),
        Stop("join-once", "/join?interval=once&currency=UAH"),
        Stop("join-errors", "/join", act=_send_wrong_join),
        Stop("join-confirm", "/join?amount=3", act=_send_other_amount),
        Stop("thanks", f"/join/thanks?session_id={newsroom.checkouts[ANN]}"),
        Stop("thanks-unknown", "/join/thanks?session_id=cs_test_nobody", status=404),
    ]


def _entering(newsroom: Newsroom) -> list[Stop]:
    site = newsroom.site
    with site.house.db.reading() as session:
        ref = session.scalars(sa.select(Pledge.ref).order_by(Pledge.id)).first() or ""
    manage = linking.address(site.house.settings, ref).removeprefix(site.url)
    used = link_of(site, ANN)
    return [
        Stop("sign-in", "/sign-in"),
        Stop("sign-in-errors", "/sign-in", act=_send_empty),
        Stop("sign-in-sent", "/sign-in", act=_ask_for_link, leads_to="/sign-in/code"),
        Stop("sign-in-link", "/sign-in", act=_open_link),
        Stop("sign-in-link-used", used, status=410),
        Stop("stop-by-mail", "/stop"),
        Stop("stop-by-mail-sent", "/stop", act=_ask_to_stop),
        Stop("manage", manage),
        Stop("manage-lower", f"{manage}?amount=2"),
    ]


def _reading(newsroom: Newsroom) -> list[Stop]:
    first = newsroom.topics[0]
    longest = _id(newsroom, sa.select(Topic.id).order_by(Topic.id.desc()))
    mails = _id(newsroom, sa.select(OutboxMessage.id).where(OutboxMessage.kind == "welcome"))
    return [
        Stop("topics", "/topics"),
        Stop("topic", f"/topics/{first}"),
        Stop("topic-long", f"/topics/{longest}"),
        Stop("suggest", "/topics/suggest"),
        Stop("suggest-errors", "/topics/suggest", act=_send_empty),
        Stop("round", f"/rounds/{newsroom.running}"),
        Stop("round-closed", f"/rounds/{newsroom.closed}"),
        Stop("result", f"/rounds/{newsroom.closed}/result"),
        Stop("stories", "/stories"),
        Stop("supporters", "/supporters"),
        Stop("ways", "/ways-to-support"),
        Stop("terms", "/terms"),
        Stop("privacy", "/privacy"),
        Stop("imprint", "/imprint"),
        Stop("not-found", "/nowhere", status=404),
        Stop("dev-outbox", "/dev/mail"),
        Stop("dev-mail", f"/dev/mail/{mails}"),
    ]


def _patrons(newsroom: Newsroom) -> list[Stop]:
    receipt = _id(newsroom, sa.select(Receipt.id).order_by(Receipt.id))
    return [
        Stop("account", "/account", "ann"),
        Stop("change", "/account/change", "ann"),
        Stop("change-preview", "/account/change?amount=4", "ann"),
        Stop("change-errors", "/account/change?amount=x", "ann"),
        Stop("stop", "/account/stop", "ann"),
        Stop("payments", "/account/payments", "ann"),
        Stop("receipt", f"/account/receipts/{receipt}", "ann"),
        Stop("consents", "/account/consents", "ann"),
        Stop("devices", "/account/devices", "ann"),
        Stop("language", "/account/language", "ann"),
        Stop("ballot", f"/rounds/{newsroom.running}", "ann"),
        Stop("join-known", "/join", "ann"),
        Stop("second-factor", "/sign-in/second-factor", "locked"),
        Stop("forbidden", "/admin/", "ann", status=403),
    ]


def _desk(newsroom: Newsroom) -> list[Stop]:
    site, first = newsroom.site, newsroom.topics[0]
    with site.house.db.reading() as session:
        account = session.scalars(sa.select(Pledge.account_id).order_by(Pledge.id)).first()
    charge = _id(newsroom, sa.select(StripeCharge.id).order_by(StripeCharge.created))
    event = _id(newsroom, sa.select(StripeEvent.id).order_by(StripeEvent.id))
    month = f"{site.now:%Y-%m}"
    return [
        Stop("dashboard", "/admin/", "admin"),
        Stop("dashboard-uah", "/admin/?currency=UAH", "admin"),
        Stop("report-patrons", "/admin/reports/patrons", "admin"),
        Stop("report-at-risk", "/admin/reports/at-risk", "admin"),
        Stop("report-movements", f"/admin/reports/movements/{month}", "admin"),
        Stop("report-recovered", "/admin/reports/recovered", "admin"),
        Stop("report-revenue", "/admin/reports/revenue", "admin"),
        Stop("desk-patrons", "/admin/patrons", "admin"),
        Stop("desk-patrons-none", "/admin/patrons?q=nobody-at-all", "admin"),
        Stop("desk-patron", f"/admin/patrons/{account}", "admin"),
        Stop("desk-payments", "/admin/payments", "admin"),
        Stop("desk-unclaimed", "/admin/payments?unclaimed=1", "admin"),
        Stop("desk-payment", f"/admin/payments/{charge}", "admin"),
        Stop("desk-comparison", "/admin/payments/reconcile", "admin"),
        Stop("desk-events", "/admin/events", "admin"),
        Stop("desk-event", f"/admin/events/{event}", "admin"),
        Stop("desk-topics", "/admin/topics", "admin"),
        Stop("desk-topic", f"/admin/topics/{first}", "admin"),
        Stop("desk-topic-new", "/admin/topics/new", "admin"),
        Stop("desk-rounds", "/admin/rounds", "admin"),
        Stop("desk-round-open", f"/admin/rounds/{newsroom.running}", "admin"),
        Stop("desk-round-closed", f"/admin/rounds/{newsroom.closed}", "admin"),
        Stop("desk-round-new", "/admin/rounds/new", "admin"),
        Stop("desk-round-errors", "/admin/rounds/new", "admin", act=_send_empty),
        Stop("desk-mail", "/admin/mail", "admin"),
        Stop("desk-audit", "/admin/audit", "admin"),
    ]


def _settings(_newsroom: Newsroom) -> list[Stop]:
    return [
        Stop("desk-staff", "/admin/staff", "admin"),
        Stop("desk-confirm", "/admin/staff", "admin", act=_send_unconfirmed),
        Stop("signed-out", "/admin/topics/new", "admin", act=_send_signed_out),
        Stop("settings", "/admin/settings", "admin"),
        Stop("settings-currency", "/admin/settings/currencies/EUR", "admin"),
        Stop("settings-texts", "/admin/settings/texts", "admin"),
        Stop("settings-text", "/admin/settings/texts/terms", "admin"),
    ]


def _id(newsroom: Newsroom, wanted: sa.Select[int] | sa.Select[str]) -> object:
    with newsroom.site.house.db.reading() as session:
        return session.scalars(wanted).first()


def _send_wrong_join(visitor: Visitor) -> None:
    visitor.fill(amount="5.999", email="nobody")
    visitor.page.locator("#charge button").click()
    visitor.page.locator("#errors").wait_for()


def _send_other_amount(visitor: Visitor) -> None:
    """Send another amount than the page shows, quicker than the script asks for it."""
    visitor.page.route("**/join?**", lambda route: route.abort())
    visitor.fill(email="other@example.org", amount="7")
    visitor.page.locator("#charge button").click()
    visitor.page.locator("main form [role=alert]").wait_for()
    visitor.page.unroute("**/join?**")


def _send_empty(visitor: Visitor) -> None:
    visitor.page.locator("main form button").first.click()
    visitor.page.locator("#errors").wait_for()


def _send_unconfirmed(visitor: Visitor) -> None:
    """Add somebody to the staff some time after the second factor."""
    visitor.fill(email="new@example.org")
    _confirmed(visitor, wall_clock() - timedelta(hours=1))
    visitor.page.locator("main .right form button").click()
    visitor.page.locator("[name=second_factor-code]").wait_for()
    _confirmed(visitor, wall_clock())


def _confirmed(visitor: Visitor, at: datetime) -> None:
    """Have all staff give their second factor at an instant."""
    staff = sa.update(LoginSession).where(LoginSession.second_factor_at.is_not(None))
    with visitor.site.house.db.transaction() as session:
        session.execute(staff.values(second_factor_at=at))


def _send_signed_out(visitor: Visitor) -> None:
    """Send a form whose session ended meanwhile."""
    visitor.fill(title="What the bridge will cost", text="And who said so.")
    visitor.page.context.clear_cookies(name="session")
    visitor.page.locator("main form button").first.click()
    visitor.page.locator("main a[target=_blank]").wait_for()


def _ask_for_link(visitor: Visitor) -> None:
    visitor.fill(email="nobody@example.org")
    visitor.page.locator("main form button").click()
    visitor.at("/sign-in/code")


def _open_link(visitor: Visitor) -> None:
    """Open a new link, of whoever asked least: nobody has more than a few that live."""
    site = visitor.site
    before, email = min((len(site.mails(who, "sign_in")), who) for who in PATRONS)
    visitor.fill(email=email)
    visitor.page.locator("main form button").click()
    visitor.at("/sign-in/code")
    visitor.open(link_of(site, email, number=before + 1))


def _ask_to_stop(visitor: Visitor) -> None:
    visitor.fill(email="nobody@example.org")
    visitor.page.locator("main form button").click()
    visitor.page.locator("main [role=status]").wait_for()
