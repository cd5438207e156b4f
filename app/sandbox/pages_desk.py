"""The sandbox's dashboard: time, payments, banks and events, moved by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from app.sandbox.billing import debiting, periods
from app.sandbox.currencies import exponent
from app.sandbox.errors import RequestFailed
from app.sandbox.pages_knobs import knobs, turn_all
from app.sandbox.pages_notes import Notes
from app.sandbox.pages_overview import overview
from app.sandbox.pages_rendering import redirect, render
from app.sandbox.pages_texts import language_for
from app.sandbox.pages_tokens import FormTokens, comes_from_elsewhere
from app.sandbox.sandbox import Sandbox

STEPS = {"hour": 3600, "day": 86_400, "week": 7 * 86_400}
OUTCOMES = (
    ("pays", "pays"),
    ("generic_decline", "declined, no reason given"),
    ("insufficient_funds", "declined, not enough money"),
    ("lost_card", "declined, card lost"),
    ("expired_card", "declined, card expired"),
    ("challenge", "asks the payer first (3-D Secure)"),
    ("pays_later", "pays days later"),
    ("fails_later", "fails days later"),
)
AMOUNT = re.compile(r"\d{1,12}([.,]\d{1,3})?", re.ASCII)
SUBJECT = "dashboard"

Form: TypeAlias = "MultiDict[str, str]"
Action = Callable[[Form], None]


@dataclass(frozen=True)
class Said:
    """What the page after an action says about it."""

    text: str
    failed: bool = False


class DeskPages:
    """The dashboard of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._tokens = FormTokens()
        self._said: Notes[Said] = Notes()
        self._actions: dict[str, tuple[Action, str, str]] = {
            "clock": (self._move_clock, "The clock has moved.", "clock"),
            "next-charge": (self._set_next_charge, "The next charge is set.", "customers"),
            "debit": (self._answer_debit, "The bank has answered.", "debits"),
            "refund": (self._refund, "The money was given back.", "payments"),
            "resend": (self._resend, "The event was sent again.", "events"),
            "knobs": (self._turn_knobs, "The disorder is set.", "knobs"),
        }

    def show(self, request: Request) -> Response:
        """The whole dashboard."""
        language = language_for(None, request.accept_languages)
        wanted = request.args.get("q", "").strip()[:200]
        with self._sandbox.act() as act:
            desk = overview(act, language, wanted=wanted)
            turned = knobs(act)
        return render(
            "desk.html",
            language,
            wide=True,
            desk=desk,
            wanted=wanted,
            knobs=turned,
            note=self._said.read(request.args.get("said", "")),
            outcomes=OUTCOMES,
            token=self._tokens.of(SUBJECT),
        )

    def act(self, request: Request, name: str) -> Response | None:
        """Do one thing and show the dashboard again; None for what cannot be done here."""
        if name not in self._actions:
            return None
        language = language_for(None, request.accept_languages)
        token = request.form.get("token", "")
        if comes_from_elsewhere(request) or not self._tokens.fits(SUBJECT, token):
            return render(
                "closed.html",
                language,
                status=403,
                title="This form came from elsewhere",
                message="Only a page of the sandbox may change it. Nothing was changed.",
                back="/sandbox/",
            )
        action, done, section = self._actions[name]
        try:
            action(request.form)
            said = Said(done)
        except RequestFailed as failed:
            said = Said(failed.message, failed=True)
        return redirect(f"/sandbox/?said={self._said.leave(said)}#{section}")

    def _move_clock(self, form: Form) -> None:
        now = self._sandbox.now()
        by = form.get("by", "")
        if by == "month":
            to = periods.after(now, interval="month", count=1, steps=1)
        else:
            to = now + STEPS[by] if by in STEPS else _instant(form.get("to", ""))
        self._sandbox.advance(to=to)

    def _set_next_charge(self, form: Form) -> None:
        outcome = form.get("outcome", "")
        if outcome not in dict(OUTCOMES):
            raise RequestFailed("This is no way for a charge to end.")
        self._sandbox.behave(form.get("method", ""), outcome)

    def _answer_debit(self, form: Form) -> None:
        with self._sandbox.act() as act:
            charge = act.get("charge", form.get("charge", ""))
            act.unschedule("debit", charge["id"])
            debiting.answered(act, charge["id"], {"fails": form.get("answer") != "yes"})

    def _refund(self, form: Form) -> None:
        with self._sandbox.act() as act:
            charge = act.get("charge", form.get("charge", ""))
        whole = form.get("all") == "yes"
        amount = None if whole else _minor(form.get("amount", ""), charge["currency"])
        self._sandbox.refund(charge["id"], amount)

    def _resend(self, form: Form) -> None:
        if not self._sandbox.resend(form.get("event", ""))["endpoints"]:
            raise RequestFailed("No endpoint wants this event.")

    def _turn_knobs(self, form: Form) -> None:
        with self._sandbox.act() as act:
            turn_all(act, lambda name: form.get(name, ""))


def _instant(text: str) -> int:
    """A time as the browser's field sends it, in UTC."""
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise RequestFailed("This is no time.") from error


def _minor(text: str, currency: str) -> int:
    """An amount as it was typed, "5" or "5,50", in minor units."""
    if not AMOUNT.fullmatch(text.strip()):
        raise RequestFailed("This is no amount.")
    amount = Decimal(text.strip().replace(",", ".")).scaleb(exponent(currency))
    if amount != amount.to_integral_value() or amount == 0:
        raise RequestFailed("This is no amount.")
    return int(amount)
