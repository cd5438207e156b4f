"""The editors' pages about topics: reading, wording, moving them on."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.forms import single_use_key
from app.core.i18n import gettext as _
from app.core.i18n import language, language_of
from app.core.pagination import Cursor
from app.core.web import now, reading, refusal, requires, transaction
from app.topics import comparing, moderating
from app.topics.forms import AddForm, MoveForm, WordsForm
from app.topics.models import STATUSES, Topic
from app.topics.queries import lists
from app.topics.staff_views.blueprint import bp


@bp.get("/admin/topics")
@requires("editor")
def topics() -> str:
    """All topics, or those of one status."""
    status = request.args.get("status")
    status = status if status in STATUSES else None
    with reading() as session:
        page = lists.for_desk(session, status, Cursor.from_query(request.args))
        counts = lists.by_status(session)
    return render_template("topics/desk_topics.html", page=page, status=status, counts=counts)


@bp.get("/admin/topics/new")
@requires("editor")
def new_topic() -> str:
    """The form for a topic of the newsroom's own."""
    form = AddForm(formdata=None, form_key=single_use_key())
    return render_template("topics/desk_new_topic.html", form=form)


@bp.post("/admin/topics/new")
@requires("editor")
def add_topic() -> ResponseReturnValue:
    """Put a topic of the newsroom's own on the list."""
    form = AddForm()
    if not form.validate():
        return render_template("topics/desk_new_topic.html", form=form), 422
    with transaction() as session:
        topic_id = moderating.add(
            session,
            title=form.title.data or "",
            text=form.text.data or "",
            language=language_of(f"{form.title.data} {form.text.data}", language()),
            form_key=form.sent,
            actor_id=current_user.id,
            now=now(),
        )
    return _to(topic_id, _("The topic is on the list."))


@bp.get("/admin/topics/<int:topic_id>")
@requires("editor")
def topic(topic_id: int) -> str:
    """One topic with everything an editor may do with it."""
    return _page(topic_id)


@bp.post("/admin/topics/<int:topic_id>/move")
@requires("editor")
def move_topic(topic_id: int) -> ResponseReturnValue:
    """Move a topic to another status, with what readers are told."""
    form = MoveForm()
    if not form.validate():
        return _page(topic_id, move=form), 422
    try:
        with transaction() as session:
            is_new = moderating.move(
                session,
                topic_id=topic_id,
                to=form.to.data or "",
                note=form.note.data or "",
                story_url=form.story_url.data or None,
                reporter=form.reporter.data or None,
                actor_id=current_user.id,
                now=now(),
            )
    except tuple(form.BLAMES) as error:
        return refusal(_page(topic_id, move=form.refused(error)), error)
    done = _("Done. Readers see it now.")
    return _to(topic_id, done if is_new else _("It stands there already."))


@bp.post("/admin/topics/<int:topic_id>/words")
@requires("editor")
def word_topic(topic_id: int) -> ResponseReturnValue:
    """Put a topic into words, in both languages."""
    with reading() as session:
        row = _found(session.get(Topic, topic_id))
        form = WordsForm().over(_words(session, row))
        form.own = row.language
    if not form.validate():
        return _page(topic_id, words=form), 422
    with transaction() as session:
        moderating.edit(
            session,
            topic_id=topic_id,
            words=form.words,
            weeks=form.weeks_taken,
            proposer_name=form.proposer_name.data,
            actor_id=current_user.id,
            now=now(),
        )
    return _to(topic_id, _("The words are saved. What the reader wrote is kept beside them."))


@bp.post("/admin/topics/<int:topic_id>/hide")
@requires("editor")
def hide_topic(topic_id: int) -> ResponseReturnValue:
    """Take a topic off every page, or bring it back."""
    hidden = request.form.get("hidden") == "1"
    with transaction() as session:
        moderating.hide(
            session, topic_id=topic_id, hidden=hidden, actor_id=current_user.id, now=now()
        )
    return _to(topic_id, _("No page shows it now.") if hidden else _("It is back."))


def _page(topic_id: int, *, move: MoveForm | None = None, words: WordsForm | None = None) -> str:
    with reading() as session:
        row = _found(session.get(Topic, topic_id))
        page = lists.topic_page(session, topic_id, account_id=None, sees_all=True)
        similar = comparing.similar(session, title=row.title, besides=topic_id)
        open_to = moderating.open_to(session, row)
        stored = _words(session, row)
    return render_template(
        "topics/desk_topic.html",
        page=page,
        open_to=open_to,
        move=move or MoveForm(formdata=None, story_url=row.story_url, reporter=row.reporter),
        words=words or stored,
        similar=similar,
        may_hide=page is not None and page.round is None,
        proposer_email=row.proposer_email,
        article=row.article,
    )


def _words(session: Session, row: Topic) -> WordsForm:
    """The form with the topic's words as they are now."""
    said = lists.all_words(session, row.id)
    filled = {f"title_{code}": word.title for code, word in said.items()}
    filled |= {f"text_{code}": word.text for code, word in said.items()}
    return WordsForm(formdata=None, weeks=row.weeks, proposer_name=row.proposer_name, **filled)


def _found(row: Topic | None) -> Topic:
    if row is None:
        raise NotFound()
    return row


def _to(topic_id: int, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("topics_staff.topic", topic_id=topic_id), 303)
