"""Health, for machines: alive, and ready to serve."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify

from app.core.clock import wall_clock
from app.core.progress import Heartbeat
from app.core.web import now, reading
from app.ops import migrating
from app.payments.models import StripeEvent

WORKER_QUIET = timedelta(minutes=2)
INBOX_OLD = timedelta(minutes=15)
bp = Blueprint("ops", __name__)


@bp.get("/up")
def up() -> Response:
    """The process answers; nothing else is asked."""
    return Response("up\n", mimetype="text/plain")


@bp.get("/up/ready")
def ready() -> tuple[Response, int]:
    """Database, migrations, worker and inbox, each by name; 503 while one is not well."""
    with reading() as session:
        revision = session.scalar(sa.text("SELECT version_num FROM alembic_version"))
        beat = session.scalar(sa.select(sa.func.max(Heartbeat.at)))
        waiting = StripeEvent.state.in_(("new", "failed"))
        oldest = session.scalar(sa.select(sa.func.min(StripeEvent.received_at)).where(waiting))
    checks = {
        "database": True,
        "migrations": revision == migrating.head(),
        "worker": beat is not None and wall_clock() - beat < WORKER_QUIET,
        "inbox": oldest is None or now() - oldest < INBOX_OLD,
    }
    well = all(checks.values())
    return jsonify(ready=well, **checks), 200 if well else 503
