"""Rows that tests need around what they are about, made in a line each.

Each function writes into the session it is given and gives an id, so that nothing of one
transaction leaks into the next.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy.orm import Session

from app.accounts import sessions
from app.accounts.models import Account, LoginSession, StaffMember
from app.core.clock import wall_clock
from app.core.forms import email_key
from app.core.signing import fingerprint
from app.membership import history
from app.membership.models import Gift, Pledge, Seat
from app.topics.models import Topic, TopicStep

_numbers = count(1)


def make_account(
    session: Session, *, now: datetime, email: str | None = None, language: str = "en"
) -> int:
    """A person who has done nothing yet."""
    email = email or f"person{next(_numbers)}@example.org"
    account = Account(
        public_id=str(uuid.uuid4()),
        email=email,
        email_key=email_key(email),
        language=language,
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account.id


def make_patron(
    session: Session, *, now: datetime, amount: int = 300, interval: str = "month", email: str = ""
) -> int:
    """A person whose first charge succeeded at ``now``; gives the account."""
    account_id = make_account(session, now=now, email=email or None)
    pledge = Pledge(
        ref=str(uuid.uuid4()),
        account_id=account_id,
        interval=interval,
        currency="EUR",
        amount=amount,
        fee_cover=0,
        state="active",
        created_at=now,
        started_at=now,
        paid_through=now + timedelta(days=31),
    )
    session.add(pledge)
    session.flush()
    past = history.Past(session, [pledge.id])
    past.add(
        pledge.id, cause_key=f"start:{pledge.ref}", effective_at=now, state="active",
        total=amount, interval=interval,
    )  # fmt: skip
    past.write()
    history.tell(session, account_id)
    return account_id


def make_gift(
    session: Session, *, now: datetime, account_id: int, amount: int = 5000, days: int = 365
) -> int:
    """Money given once, enough for good standing over so many days."""
    gift = Gift(
        ref=str(uuid.uuid4()),
        account_id=account_id,
        currency="EUR",
        amount=amount,
        fee_cover=0,
        state="paid",
        created_at=now,
        paid_at=now,
        standing_until=now + timedelta(days=days),
    )
    session.add(gift)
    session.flush()
    return gift.id


def make_seat(session: Session, *, now: datetime, account_id: int, days: int = 365) -> int:
    """Good standing that staff gave."""
    seat = Seat(
        account_id=account_id,
        kind="complimentary",
        starts_at=now,
        ends_at=now + timedelta(days=days),
    )
    session.add(seat)
    session.flush()
    return seat.id


def make_staff(session: Session, *, now: datetime, role: str) -> int:
    """Somebody of the newsroom, second factor set up; gives the account."""
    account_id = make_account(session, now=now, email=f"{role}{next(_numbers)}@newsroom.example")
    session.add(
        StaffMember(
            account_id=account_id,
            role=role,
            totp_secret="JBSWY3DPEHPK3PXP" * 2,
            totp_confirmed_at=now,
            created_at=now,
        )
    )
    session.flush()
    return account_id


def make_topic(
    session: Session,
    *,
    now: datetime,
    title: str | None = None,
    status: str = "listed",
    language: str = "en",
    text: str = "Why it matters.",
) -> int:
    """A topic that stands where ``status`` says."""
    title = title or f"Topic {next(_numbers)}"
    topic = Topic(
        language=language,
        title=title,
        text=text,
        original_title=title,
        original_text=text,
        status=status,
        public_note="Because." if status == "declined" else None,
        created_at=now,
        status_at=now,
    )
    session.add(topic)
    session.flush()
    session.add(TopicStep(topic_id=topic.id, status=status, at=now))
    return topic.id


def sign_in(session: Session, account_id: int, *, second_factor: bool = True) -> str:
    """Sign a person in on a new browser; gives the token that its cookie keeps as _user_id."""
    wall = wall_clock()
    token = sessions.open_session(session, account_id=account_id, device="A test", wall=wall)
    session.flush()
    if second_factor:
        mine = session.query(LoginSession).filter_by(token_hash=fingerprint(token)).one()
        mine.second_factor_at = wall
    return token
