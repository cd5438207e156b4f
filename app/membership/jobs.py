"""What is done after the answer was given: receipts, mails, giving back, the end of grace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core import jobs
from app.core.clock import wall_clock
from app.core.settings import Settings
from app.mail import queries as mails
from app.membership import (
    deriving,
    emails,
    facts,
    leaving,
    linking,
    queries,
    receipting,
    reminding,
    sending_back,
    settling,
    standing,
    teasers,
    telling,
    yielding,
)
from app.membership.models import Gift, Pledge
from app.newsroom import queries as newsroom
from app.payments.models import StripeCharge

TOO_OLD_TO_MAIL = timedelta(days=7)  # a charge that a comparison found late is not news
MOST_LINKS = 5  # a day for one person: more would help nobody, each works for 30 days
log = structlog.get_logger()


@jobs.handles("membership.thank")
def thank(work: jobs.Work, payload: dict[str, Any]) -> None:
    """Number a charge's receipt, and mail it: with thanks if it is the first."""
    with work.db.transaction() as session:
        kept = queries.kept(session, payload["ref"])
        charge = session.get(StripeCharge, payload["charge"])
        if kept is None or charge is None:
            return
        room = newsroom.current(session)
        receipt = receipting.issue(
            session,
            charge=charge,
            kept=kept,
            timezone=room.timezone,
            now=work.now,
        )
        is_given_back = isinstance(kept, Pledge) and deriving.gives_back(kept, charge.at)
        if is_given_back or charge.at < work.now - TOO_OLD_TO_MAIL:
            return
        paper = receipting.written(receipt, charge)
        account = session.get_one(Account, kept.account_id)
        context = _receipt(session, work.settings, kept, paper)
        if facts.of(session, kept.ref).paid[0].id == charge.id:
            context |= _welcome(session, account, work.settings.site_url, work.now)
            emails.welcome(session, account=account, ref=kept.ref, context=context, now=work.now)
        else:
            emails.receipt(
                session, account=account, charge_id=charge.id, context=context, now=work.now
            )


@jobs.handles("membership.tell")
def tell(work: jobs.Work, payload: dict[str, Any]) -> None:
    """Write the mail about what changed, as it stands when the mail is written."""
    what, ref, key = payload["what"], payload["ref"], payload.get("key", "")
    with work.db.transaction() as session:
        telling.tell(session, work.settings, what=what, ref=ref, key=key, now=work.now)


@jobs.handles("membership.tell_refusal")
def tell_refusal(work: jobs.Work, payload: dict[str, Any]) -> None:
    """Write that what was wanted of a pledge came to nothing."""
    with work.db.transaction() as session:
        pledge = session.scalars(sa.select(Pledge).where(Pledge.ref == payload["ref"])).one()
        emails.unchanged(
            session,
            account=session.get_one(Account, pledge.account_id),
            pledge=pledge,
            wanted=payload["wanted"],
            asked_at=datetime.fromisoformat(payload["asked_at"]),
            manage_url=linking.address(work.settings, pledge.ref),
            key=payload["key"],
            now=work.now,
        )


@jobs.handles("membership.send_back", is_long=True)
def send_back(work: jobs.Work, payload: dict[str, Any]) -> None:
    """Cancel and refund a pledge that must not be; the mail follows when it is known.

    What Stripe says first may show that it is the other one that has to yield.
    """
    gateway, ref = work.services["patient_gateway"], payload["ref"]
    yielding.learn(work.db, gateway, ref=ref, now=work.now)
    with work.db.transaction() as session:
        settling.settle(session, {ref: ()}, now=work.now)
    sending_back.send_back(work.db, gateway, ref=ref, now=work.now)


@jobs.handles("membership.settle")
def settle(work: jobs.Work, payload: dict[str, Any]) -> None:
    """Look at a pledge again, because another of the same person has begun."""
    with work.db.transaction() as session:
        settling.settle(session, {payload["ref"]: ()}, now=work.now)


@jobs.handles("membership.mail_link")
def mail_link(work: jobs.Work, payload: dict[str, Any]) -> None:
    """Mail the link to a pledge to who gives; the page that asked said the same to everyone."""
    if payload["account"] is None:
        return
    with work.db.transaction() as session:
        account = session.get(Account, payload["account"])
        if account is None or account.email is None:
            return
        since, kind = work.now - timedelta(days=1), emails.MANAGE_LINK
        if mails.written_since(session, to=account.email, kind=kind, since=since) >= MOST_LINKS:
            log.info("no further link to a pledge", account=account.id)
            return
        pledge = leaving.to_stop(session, account.id)
        emails.manage_link(
            session,
            account=account,
            pledge=pledge,
            manage_url=linking.address(work.settings, pledge.ref) if pledge else "",
            key=payload["key"],
            secret_until=wall_clock() + timedelta(seconds=linking.SECONDS),
            now=work.now,
        )


@jobs.every(timedelta(hours=1), "membership.lapse", is_long=True)
def lapse(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Let pledges go whose grace ran out; what they are follows from settling them again."""
    with work.db.reading() as session:
        days = newsroom.current(session).grace_days
        late = sa.select(Pledge.ref).where(
            Pledge.state == "past_due", Pledge.past_due_since <= work.now - timedelta(days=days)
        )
        refs = list(session.scalars(late))
    for ref in refs:
        with work.db.transaction() as session:
            settling.settle(session, {ref: ()}, now=work.now)


@jobs.every(timedelta(hours=6), "membership.remind", is_long=True)
def remind(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Write before a second charge, and before each yearly one."""
    with work.db.reading() as session:
        ids = reminding.due(session, now=work.now)
    for pledge_id in ids:
        with work.db.transaction() as session:
            reminding.remind(session, pledge_id=pledge_id, settings=work.settings, now=work.now)


def _receipt(
    session: Session, settings: Settings, kept: Pledge | Gift, paper: receipting.Paper
) -> dict[str, Any]:
    """What the mails about a charge say of it."""
    manage = linking.address(settings, kept.ref) if isinstance(kept, Pledge) else None
    card = {"brand": (paper.card_brand or "").title(), "last4": paper.card_last4}
    return {
        "interval": kept.interval,
        "amount": paper.amount,
        "cover": paper.fee_cover,
        "total": paper.total,
        "paid_at": paper.at,
        "receipt": paper.name,
        "receipt_url": f"{settings.site_url}/account/receipts/{paper.id}",
        "card": card if paper.card_last4 else None,
        "next_charge": _next_charge(session, kept),
        "account_url": manage or f"{settings.site_url}/account",
    }


def _welcome(session: Session, account: Account, site_url: str, now: datetime) -> dict[str, Any]:
    """What only the first mail says: the name, the number of patrons, the ballot."""
    told = teasers.round_now(session, account.language, now)
    ballot = None
    if told is not None and standing.in_good_standing(session, account.id, now):
        ballot = {
            "number": told["number"],
            "closes_at": told["closes_at"],
            "topics": len(told["topics"]),
            "url": f"{site_url}/rounds/{told['id']}",
        }
    return {
        "name": account.name,
        "patrons": standing.count_active(session, now),
        "round": ballot,
    }


def _next_charge(session: Session, kept: Pledge | Gift) -> datetime | None:
    if not isinstance(kept, Pledge) or kept.cancels_at is not None or kept.state != "active":
        return None
    return kept.paid_through
