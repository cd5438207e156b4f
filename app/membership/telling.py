"""The mails about what changed, as it stands when they are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.settings import Settings
from app.membership import emails, joining, leaving, linking, queries, renewing, standing
from app.membership.models import RUNNING, Gift, Pledge, SignUp


@dataclass(frozen=True, slots=True)
class News:
    """What is at hand for a mail about a pledge; ``key`` tells one change from another."""

    session: Session
    settings: Settings
    account: Account
    pledge: Pledge
    key: str
    now: datetime

    @property
    def manage_url(self) -> str:
        return linking.address(self.settings, self.pledge.ref)


def tell(
    session: Session, settings: Settings, *, what: str, ref: str, key: str, now: datetime
) -> None:
    """Write of a change: failed, returned, stopped, lapsed or changed; else there is no mail."""
    kept = queries.kept(session, ref)
    if kept is None:
        return
    account = session.get_one(Account, kept.account_id)
    if what == "failed":
        again = _again(session, settings, kept)
        emails.failed(session, account=account, kept=kept, again=again, now=now)
    elif isinstance(kept, Pledge):
        _OF_PLEDGES[what](News(session, settings, account, kept, key, now))


def _returned(news: News) -> None:
    emails.second_pledge(
        news.session,
        account=news.account,
        ref=news.pledge.ref,
        total=news.pledge.money,
        is_over=news.pledge.state == "ended",
        kept=queries.pledge_of(news.session, news.account.id),
        account_url=f"{news.settings.site_url}/account",
        now=news.now,
    )


def _stopped(news: News) -> None:
    if news.pledge.cancels_at is not None or news.pledge.give_back_from is not None:
        emails.stopped(
            news.session,
            account=news.account,
            pledge=news.pledge,
            manage_url=news.manage_url,
            now=news.now,
        )


def _lapsed(news: News) -> None:
    """Where the bank paid meanwhile, or another pledge runs, nothing is lost."""
    other = queries.pledge_of(news.session, news.account.id)
    if news.pledge.state != "ended" or (other is not None and other.state in RUNNING):
        return
    emails.lapsed(
        news.session,
        account=news.account,
        pledge=news.pledge,
        votes=standing.in_good_standing(news.session, news.account.id, news.now),
        is_tried=leaving.is_tried(news.session, news.pledge),
        again_url=_again(news.session, news.settings, news.pledge),
        manage_url=news.manage_url,
        now=news.now,
    )


def _changed(news: News) -> None:
    subscription = queries.subscription_of(news.session, news.pledge)
    emails.changed(
        news.session,
        account=news.account,
        pledge=news.pledge,
        from_day=subscription.current_period_end if subscription else None,
        is_after_due=renewing.due_invoice(news.session, news.pledge) is not None,
        manage_url=news.manage_url,
        key=news.key,
        now=news.now,
    )


_OF_PLEDGES: dict[str, Callable[[News], None]] = {
    "returned": _returned,
    "stopped": _stopped,
    "lapsed": _lapsed,
    "changed": _changed,
}


def _again(session: Session, settings: Settings, kept: Pledge | Gift) -> str:
    """The join page with the same choice."""
    sign_up = session.scalar(sa.select(SignUp).where(SignUp.ref == kept.ref))
    path = joining.address_of(joining.wish_of(sign_up)) if sign_up is not None else "/join"
    return settings.site_url + path
