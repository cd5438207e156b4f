"""Every table of the product in one import: for migrations, and for nobody else."""

from __future__ import annotations

from app.accounts import models as accounts
from app.core import audit, jobs, limits, progress
from app.mail import models as mail
from app.membership import models as membership
from app.newsroom import models as newsroom
from app.payments import models as payments
from app.reporting import models as reporting
from app.topics import models as topics

__all__ = [
    "accounts", "audit", "jobs", "limits", "mail", "membership", "newsroom", "payments", "progress",
    "reporting", "topics",
]  # fmt: skip
