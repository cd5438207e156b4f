"""A round for readers: the ballot, the result, and the list to check it by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from flask import Response, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.core.errors import NotFound
from app.core.money import Money
from app.core.web import database, now, reading, signed_in
from app.core.web.alike import alike
from app.newsroom.here import here
from app.topics import publishing, queries, voting
from app.topics.errors import NotYet
from app.topics.forms import chosen
from app.topics.views.blueprint import bp
from app.topics.views.menus import running

EARLIER_ROUNDS = 3
KEPT_RECEIPT = "receipt"


@bp.get("/rounds/<int:round_id>")
@alike()
def show_round(round_id: int) -> str:
    """The ballot of a running round, or what there was to choose in a closed one."""
    voter = current_user.id if current_user.is_authenticated else None
    with reading() as db:
        card = queries.round_card(db, round_id, seed=_seed(voter))
        if card is None:
            raise NotFound()
        state = queries.roll_state(db, round_id, voter) if voter else None
        own = queries.own_ballot(db, round_id, voter) if voter else None
        notices = queries.notices(db, round_id)
        earlier = queries.winners(db, EARLIER_ROUNDS, before=card.number)
    return render_template(
        "topics/round.html",
        round=card,
        phase=_phase(card),
        days_left=(card.closes_at - now()).days,
        reporting_from=_noon(card.starts_on),
        standing=state.standing if state else "stranger",
        own=own,
        receipt=_receipt_once(round_id),
        voter=_masked(current_user.email) if voter else None,
        patron_since=state.patron_since if state else None,
        least=_smallest_gift(card),
        notices=notices,
        earlier=earlier,
    )


@bp.post("/rounds/<int:round_id>/ballot")
@signed_in
def cast_ballot(round_id: int) -> ResponseReturnValue:
    """Save a ballot; who may and until when is decided in voting.cast."""
    with database().writing() as db:
        saved = voting.cast(
            db,
            round_id=round_id,
            account_id=current_user.id,
            choices=chosen(request.form.getlist("choice")),
            wants_mail=bool(request.form.get("follow")),
            now=now(),
        )
    session[KEPT_RECEIPT] = [round_id, saved.receipt]
    return redirect(url_for("topics.show_round", round_id=round_id), 303)


@bp.get("/rounds/<int:round_id>/result")
@alike()
def result(round_id: int) -> ResponseReturnValue:
    """What was chosen and how it was counted; before closing, the round's own page."""
    with reading() as db:
        card = queries.round_card(db, round_id)
        found = queries.result(db, round_id)
        notices = queries.notices(db, round_id)
    if card is None:
        raise NotFound()
    if found is None:
        return redirect(url_for("topics.show_round", round_id=round_id), 303)
    return render_template(
        "topics/result.html", round=card, found=found, notices=notices, open_round=running()
    )


@bp.get("/rounds/<int:round_id>/result.json")
def result_json(round_id: int) -> Response:
    """The result for programs; marks by "topic-<id>" in the order that breaks a tie."""
    number = _closed(round_id)
    with reading() as db:
        return jsonify(round=number, **(queries.published(db, round_id) or {}))


@bp.get("/rounds/<int:round_id>/ballots.csv")
def ballots_csv(round_id: int) -> Response:
    """Every ballot of a closed round and of nobody, a line at a time."""
    number = _closed(round_id)
    db = database()

    def lines() -> Iterator[str]:
        with db.reading() as kept_open:
            yield from publishing.csv(kept_open, round_id)

    return _download(lines(), "text/csv; charset=utf-8", f"ballots-round-{number}.csv")


@bp.get("/rounds/<int:round_id>/recount.py")
def recount_script(round_id: int) -> Response:
    """The script that counts the list again, with what was published of it inside."""
    _closed(round_id)
    with reading() as db:
        script = publishing.recount_script(queries.published(db, round_id) or {})
    return _download(script, "text/x-python; charset=utf-8", "recount.py")


def _closed(round_id: int) -> int:
    """The number of a round that closed. Raises NotFound, and NotYet before its end."""
    with reading() as db:
        found = queries.number_and_state(db, round_id)
    if found is None:
        raise NotFound()
    number, state = found
    if state != "closed":
        raise NotYet()
    return number


def _download(body: str | Iterator[str], mimetype: str, name: str) -> Response:
    response = Response(body, content_type=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _seed(voter: int | None) -> str:
    """Whose order of topics this is: the voter's own, else the day's."""
    return f"account {voter}" if voter else now().date().isoformat()


def _phase(card: queries.RoundCard) -> str:
    """open, ended (no ballots are taken, the count is on its way) or closed."""
    return "ended" if card.state == "open" and now() >= card.closes_at else card.state


def _noon(day: date | None) -> datetime | None:
    """A day as an instant that every format writes as that day."""
    return datetime.combine(day, time(12), ZoneInfo(here().timezone)) if day else None


def _smallest_gift(card: queries.RoundCard) -> Money | None:
    """The least that a single gift had to be to count, in the newsroom's own currency."""
    currency = here().default_currency
    least = card.rule.get("one_time_minimum", {}).get(currency)
    return Money(least, currency) if least else None


def _receipt_once(round_id: int) -> str | None:
    """The receipt of the ballot that was saved just now; shown this once."""
    kept = session.get(KEPT_RECEIPT)
    if not isinstance(kept, list) or kept[0] != round_id:
        return None
    session.pop(KEPT_RECEIPT)
    return voting.readable(kept[1])


def _masked(email: str) -> str:
    """Enough of an address to know one's own by: "d•••@gmail.com"."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"
