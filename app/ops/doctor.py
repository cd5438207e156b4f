"""The doctor: every promise that can be checked, by SQL, every ten minutes and by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core import audit, jobs, progress
from app.core.clock import wall_clock
from app.core.jobs import Job, Work
from app.mail.models import OutboxMessage
from app.membership import checks as membership
from app.payments import checks as payments
from app.payments.models import LedgerTransaction
from app.reporting import checks as reporting
from app.topics import checks as topics

EVERY = timedelta(minutes=10)
AHEAD = timedelta(hours=1)  # clocks of two machines may differ by so much
STUCK = timedelta(hours=8)
HANGS = timedelta(days=1)  # even where a worker has it in hand
LONGEST_REASON = 200  # letters
Rows = list[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and the rows that break it; none is well."""

    name: str
    rows: Rows


@jobs.every(EVERY, "ops.doctor", is_long=True)
def visit(work: Work, _payload: dict[str, Any]) -> None:
    """Examine the house and keep what was found, for the dashboard."""
    found = {finding.name: finding.rows for finding in examine(work)}
    with work.db.transaction() as session:
        progress.note_checks(session, found, wall=wall_clock())


def examine(work: Work) -> list[Finding]:
    """Run every check in one snapshot."""
    with work.db.reading() as session:
        found = payments.run(session, work.now) | topics.run(session, work.now)
        found |= reporting.run(session, work.now) | membership.run(session, work.now)
        found |= {name: check(session, work.now) for name, check in OWN.items()}
    return [Finding(name, [str(row) for row in rows]) for name, rows in found.items()]


def report(findings: Iterable[Finding]) -> list[str]:
    """What was found, in lines for a terminal."""
    lines = []
    for finding in findings:
        verdict = f"BROKEN by {', '.join(finding.rows[:5])}" if finding.rows else "holds"
        lines.append(f"{finding.name}: {verdict}")
    return lines


def _nothing_in_the_future(session: Session, now: datetime) -> Rows:
    """A8: by the app's clock, which in a rehearsal is the sandbox's."""
    late = LedgerTransaction.effective_at > now + AHEAD
    rows = session.scalars(sa.select(LedgerTransaction.source_id).where(late).limit(100))
    return list(rows)


def _audit_chain(session: Session, _now: datetime) -> Rows:
    broken = audit.first_broken(session)
    return [] if broken is None else [f"audit entry {broken}"]


def _mail_leaves(session: Session, now: datetime) -> Rows:
    """A7: a mail that waits has a job that will send it."""
    waiting = OutboxMessage.state == "waiting", OutboxMessage.created_at < now - STUCK
    rows = session.scalars(sa.select(OutboxMessage.message_id).where(*waiting).limit(100))
    return list(rows)


def _jobs_are_done(session: Session, now: datetime) -> Rows:
    """Each with why it is not, and what helps."""
    in_hand = sa.and_(Job.leased_until.is_not(None), Job.leased_until > wall_clock())
    late = sa.or_(sa.and_(Job.run_at < now - STUCK, ~in_hand), Job.run_at < now - HANGS)
    undone = sa.or_(Job.state == "failed", sa.and_(Job.state == "ready", late))
    query = sa.select(Job).where(undone).order_by(Job.id).limit(100)
    return [_undone(job) for job in session.scalars(query)]


def _undone(job: Job) -> str:
    name = job.dedupe_key or str(job.id)
    if job.leased_until is not None and job.leased_until > wall_clock():
        return f"{job.kind} ({name}): in hand for long; restart the workers if it hangs"
    if job.state == "ready":
        return f"{job.kind} ({name}): nobody did it yet; see that a worker runs"
    why = (job.error or "no reason is known").splitlines()[0][:LONGEST_REASON]
    return f"{job.kind}: {why}; mend that, then `flask --app wsgi jobs retry {name}` (or `drop`)"


def _erased_keep_no_name(session: Session, _now: datetime) -> Rows:
    kept = sa.or_(Account.email.is_not(None), Account.name.is_not(None))
    query = sa.select(Account.id).where(Account.erased_at.is_not(None), kept).limit(100)
    return [f"account {number}" for number in session.scalars(query)]


OWN: dict[str, Callable[[Session, datetime], Rows]] = {
    "Nothing is dated in the future": _nothing_in_the_future,
    "The audit chain is whole": _audit_chain,
    "Mails leave": _mail_leaves,
    "Jobs are done": _jobs_are_done,
    "The erased keep no name": _erased_keep_no_name,
}
