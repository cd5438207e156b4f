"""The editors' pages about rounds: planning, opening, extending, closing. No ballot is here."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.forms import single_use_key
from app.core.i18n import gettext as _
from app.core.web import now, reading, refusal, requires, transaction
from app.newsroom.here import here
from app.topics import closing, errors, opening, planning, queries
from app.topics.forms import ExtendForm, NoteForm, RoundForm, local
from app.topics.queries import desk
from app.topics.staff_views.blueprint import bp

EARLY = "early-"  # two notes stand on one page, and each needs a name of its own


@bp.get("/admin/rounds")
@requires("editor")
def rounds() -> str:
    """All rounds with their turnout."""
    with reading() as session:
        found, waiting = desk.rounds(session), desk.waiting(session)
    return render_template("topics/desk_rounds.html", rounds=found, waiting=waiting, may_plan=True)


@bp.get("/admin/rounds/new")
@requires("editor")
def new_round() -> str:
    """The form for a new draft."""
    form = RoundForm(
        formdata=None, late_joiners=here().late_joiners_vote, form_key=single_use_key()
    )
    return _page(None, form=form)


@bp.post("/admin/rounds/new")
@requires("editor")
def plan_round() -> ResponseReturnValue:
    """Write a draft down."""
    form = _round_form()
    if not form.validate():
        return _page(None, form=form), 422
    try:
        with transaction() as session:
            round_id = planning.plan(
                session, form.plan(), form_key=form.sent, actor_id=current_user.id, now=now()
            )
    except tuple(form.BLAMES) as error:
        return refusal(_page(None, form=form.refused(error)), error)
    return _to(round_id, _("The draft is saved. Nobody sees it yet."))


@bp.get("/admin/rounds/<int:round_id>")
@requires("editor")
def show_round(round_id: int) -> str:
    """One round with everything an editor may do with it."""
    return _page(round_id)


@bp.post("/admin/rounds/<int:round_id>")
@requires("editor")
def change_round(round_id: int) -> ResponseReturnValue:
    """Change a draft."""
    with reading() as session:
        round_, topics = _found(session, round_id), desk.topics(session, round_id)
    form = _round_form().over(_filled(round_, topics))
    if not form.validate():
        return _page(round_id, form=form), 422
    try:
        with transaction() as session:
            planning.change(session, round_id, form.plan(), actor_id=current_user.id, now=now())
    except tuple(form.BLAMES) as error:
        return refusal(_page(round_id, form=form.refused(error)), error)
    return _to(round_id, _("The draft is saved. It does not open by itself."))


@bp.post("/admin/rounds/<int:round_id>/schedule")
@requires("editor")
def schedule_round(round_id: int) -> ResponseReturnValue:
    """Let a draft open by itself."""
    with transaction() as session:
        planning.schedule(session, round_id=round_id, actor_id=current_user.id, now=now())
    return _to(round_id, _("It opens by itself at its time."))


@bp.post("/admin/rounds/<int:round_id>/unschedule")
@requires("editor")
def unschedule_round(round_id: int) -> ResponseReturnValue:
    """Keep a draft from opening by itself."""
    with transaction() as session:
        planning.unschedule(session, round_id=round_id, actor_id=current_user.id, now=now())
    return _to(round_id, _("It does not open by itself."))


@bp.post("/admin/rounds/<int:round_id>/open")
@requires("editor")
def open_round(round_id: int) -> ResponseReturnValue:
    """Open a draft at once."""
    with transaction() as session:
        is_new = opening.open_now(session, round_id=round_id, actor_id=current_user.id, now=now())
    opened = _("The round is open. Topics, roll and rule stand still.")
    return _to(round_id, opened if is_new else _("It is open already."))


@bp.post("/admin/rounds/<int:round_id>/discard")
@requires("editor")
def discard_round(round_id: int) -> ResponseReturnValue:
    """Throw a draft away."""
    with transaction() as session:
        planning.discard(session, round_id=round_id, actor_id=current_user.id, now=now())
    flash(_("The draft is gone."))
    return redirect(url_for("topics_staff.rounds"), 303)


@bp.post("/admin/rounds/<int:round_id>/extend")
@requires("editor")
def extend_round(round_id: int) -> ResponseReturnValue:
    """Let a running round end later, with a public note."""
    form = ExtendForm()
    form.zone = here().timezone
    if not form.validate():
        return _page(round_id, extend=form), 422
    try:
        with transaction() as session:
            is_new = closing.extend(
                session,
                round_id=round_id,
                closes_at=form.closes_at.moment,
                note=form.by_language,
                actor_id=current_user.id,
                now=now(),
            )
    except tuple(form.BLAMES) as error:
        return refusal(_page(round_id, extend=form.refused(error)), error)
    later = _("The round ends later, and its page says why.")
    return _to(round_id, later if is_new else _("It ends at that time already."))


@bp.post("/admin/rounds/<int:round_id>/close")
@requires("editor")
def close_round(round_id: int) -> ResponseReturnValue:
    """Close a running round before its time, with a public note."""
    form = NoteForm(prefix=EARLY)
    if not form.validate():
        return _page(round_id, early=form), 422
    with transaction() as session:
        is_new = closing.close_now(
            session,
            round_id=round_id,
            note=form.by_language,
            actor_id=current_user.id,
            now=now(),
        )
    closed = _("The round is closed and counted.")
    return _to(round_id, closed if is_new else _("It is closed already."))


def _page(
    round_id: int | None,
    *,
    form: RoundForm | None = None,
    extend: ExtendForm | None = None,
    early: NoteForm | None = None,
) -> str:
    with reading() as session:
        round_ = _found(session, round_id) if round_id is not None else None
        topics = desk.topics(session, round_id)
        notices = queries.notices(session, round_id) if round_id is not None else []
        why = desk.why_not_opened(session, round_id) if round_id is not None else None
    is_draft = round_ is not None and round_.state == "draft"
    if is_draft and form is None and round_ is not None:
        form = _filled(round_, topics)
    runs = round_ is not None and round_.state == "open" and now() < round_.closes_at
    return render_template(
        "topics/desk_round.html",
        round=round_,
        form=form if round_ is None or is_draft else None,
        topics=topics,
        notices=notices,
        missed=is_draft and round_ is not None and round_.opens_at <= now(),
        kept_closed=errors.keeping_closed(why) if is_draft else None,
        may_open=is_draft,
        may_schedule=is_draft,
        may_extend=runs,
        extend=extend or ExtendForm(formdata=None, closes_at=_now_ends(round_)),
        early=early or NoteForm(formdata=None, prefix=EARLY),
    )


def _now_ends(round_: desk.DeskRound | None) -> str:
    return local(round_.closes_at, here().timezone) if round_ else ""


def _round_form() -> RoundForm:
    form = RoundForm()
    form.zone = here().timezone
    return form


def _found(session: Session, round_id: int) -> desk.DeskRound:
    round_ = desk.one_round(session, round_id)
    if round_ is None:
        raise NotFound()
    return round_


def _filled(round_: desk.DeskRound, topics: Sequence[desk.OnBallot]) -> RoundForm:
    """A draft's form with what was decided so far."""
    zone = here().timezone
    return RoundForm(
        formdata=None,
        question_en=round_.questions.get("en", ""),
        question_uk=round_.questions.get("uk", ""),
        opens_at=local(round_.opens_at, zone),
        closes_at=local(round_.closes_at, zone),
        starts_on=round_.starts_on.isoformat() if round_.starts_on else "",
        late_joiners=round_.late_joiners,
        topics={topic.id for topic in topics if topic.chosen},
    )


def _to(round_id: int, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("topics_staff.show_round", round_id=round_id), 303)
