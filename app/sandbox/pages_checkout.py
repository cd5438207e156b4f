"""The Checkout page: what is bought, how to pay, the bank's question, and the way back."""

from __future__ import annotations

from dataclasses import replace

from werkzeug.wrappers import Request, Response

from app.sandbox.acting import Act
from app.sandbox.billing import checking_out
from app.sandbox.cards import recognise
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.pages_drafts import Draft, faults, means, typed
from app.sandbox.pages_notes import Notes
from app.sandbox.pages_offer import (
    EXAMPLES,
    filled_in,
    fixed_email,
    page_of,
    success_url,
    web_address,
)
from app.sandbox.pages_rendering import redirect, render
from app.sandbox.pages_texts import language_for
from app.sandbox.pages_tokens import FormTokens
from app.sandbox.sandbox import Sandbox

LOOK_AGAIN = "Please look at this again:"
GROWN_OLD = "This page had grown old. Check it and send it again."


class CheckoutPages:
    """The pages of one sandbox; what was typed is kept in memory until the payment is done."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._tokens = FormTokens()
        self._drafts: Notes[Draft] = Notes()

    def show(self, request: Request, session_id: str) -> Response:
        """The form of an open session; a paid one leads back to the shop."""
        with self._sandbox.act() as act:
            session = _session(act, session_id)
            language = _language(request, session)
            if session is None or not _is_open(session, act.now):
                return _closed(session, language)
            page = page_of(act, session, language)
        draft = self._drafts.read(session_id) or Draft()
        if not draft.values["email"]:
            draft = replace(draft, values=draft.values | {"email": page.email})
        draft = filled_in(draft, request.args.get("use", ""))
        return render(
            "checkout.html",
            language,
            leads_to=page.success_url,
            page=page,
            draft=draft,
            examples=[one for one in EXAMPLES if one.by == "card" or page.debit],
            token=self._tokens.of(session_id),
        )

    def pay(self, request: Request, session_id: str) -> Response:
        """Try to pay with what was typed."""
        with self._sandbox.act() as act:
            session = _session(act, session_id)
            if session is None or not _is_open(session, act.now):
                return _closed(session, _language(request, session))
            email = fixed_email(act, session)
            now = act.now
        values = typed(request.form, email=email)
        if not self._tokens.fits(session_id, request.form.get("token", "")):
            return self._again(session_id, Draft(values, notice=GROWN_OLD))
        errors = _number_fault(values) | faults(values, now=now)
        if errors:
            return self._again(session_id, Draft(values, errors, LOOK_AGAIN))
        chosen = means(values)
        payer = checking_out.Typed(
            number=chosen.number,
            name=values["name"],
            email=values["email"],
            exp_month=chosen.month,
            exp_year=chosen.year,
        )
        try:
            with self._sandbox.act() as act:
                outcome = checking_out.pay(act, session_id, payer)
        except RequestFailed as failed:
            return self._again(session_id, Draft(values, notice=failed.message))
        return self._after(session_id, Draft(values), outcome)

    def ask(self, request: Request, session_id: str) -> Response:
        """The bank's question, where a payment waits for it."""
        with self._sandbox.act() as act:
            session = _session(act, session_id)
            language = _language(request, session)
            if session is None or not _is_open(session, act.now):
                return _closed(session, language)
            challenged = act.hidden(session_id).get("challenged")
            if challenged is None:
                return redirect(_address(session_id))
            page = page_of(act, session, language)
        return render(
            "challenge.html",
            language,
            leads_to=page.success_url,
            page=page,
            last4=challenged["number"][-4:],
            token=self._tokens.of(f"challenge {session_id}"),
        )

    def answer(self, request: Request, session_id: str) -> Response:
        """The payer confirms or refuses the payment at the bank."""
        with self._sandbox.act() as act:
            session = _session(act, session_id)
            if session is None or not _is_open(session, act.now):
                return _closed(session, _language(request, session))
            if act.hidden(session_id).get("challenged") is None:
                return redirect(_address(session_id))
            token = request.form.get("token", "")
            if not self._tokens.fits(f"challenge {session_id}", token):
                return redirect(f"{_address(session_id)}/challenge")
            outcome = checking_out.confirm_challenge(
                act, session_id, passed=request.form.get("answer") == "complete"
            )
        return self._after(session_id, self._drafts.read(session_id) or Draft(), outcome)

    def _after(self, session_id: str, draft: Draft, outcome: checking_out.Outcome) -> Response:
        if outcome.kind == "declined":
            declined = replace(draft, errors={}, notice=outcome.message, declined=True)
            return self._again(session_id, declined)
        if outcome.kind == "challenge":
            self._drafts.keep(session_id, draft)
            return redirect(f"{_address(session_id)}/challenge")
        self._drafts.forget(session_id)
        return redirect(outcome.redirect_url or _address(session_id))

    def _again(self, session_id: str, draft: Draft) -> Response:
        self._drafts.keep(session_id, draft)
        return redirect(f"{_address(session_id)}#notice")


def _address(session_id: str) -> str:
    return f"/sandbox/checkout/{session_id}"


def _session(act: Act, session_id: str) -> Json | None:
    found = act.find(session_id)
    return found if found is not None and found["object"] == "checkout.session" else None


def _is_open(session: Json, now: int) -> bool:
    return bool(session["status"] == "open" and session["expires_at"] > now)


def _language(request: Request, session: Json | None) -> str:
    return language_for(session["locale"] if session else None, request.accept_languages)


def _closed(session: Json | None, language: str) -> Response:
    """Where a session is no longer open: back to the shop, or a page that says so."""
    if session is None:
        return render(
            "closed.html",
            language,
            status=404,
            title="There is no such payment page",
            message="The address may be cut short, or the sandbox was started anew.",
            back="",
        )
    if session["status"] == "complete":
        return redirect(success_url(session))
    return render(
        "closed.html",
        language,
        status=410,
        title="This payment page has closed",
        message="Nothing was charged. Go back and start again.",
        back=web_address(session["cancel_url"] or session["success_url"]),
    )


def _number_fault(values: dict[str, str]) -> dict[str, str]:
    """What is no number of a card, or no account that the sandbox knows, by field."""
    by_debit = values["method"] == "debit"
    field = "iban" if by_debit else "number"
    wrong = "This is no bank account of the sandbox." if by_debit else "This is no card number."
    try:
        is_card = recognise(values[field]).type == "card"
    except RequestFailed:
        return {field: wrong}
    return {field: wrong} if is_card == by_debit else {}
