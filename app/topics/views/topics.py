"""What can be chosen next, how to suggest more, and what came of what was chosen."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import limiting
from app.core.errors import NotFound, TooMany
from app.core.forms import email_key, single_use_key
from app.core.i18n import gettext as _
from app.core.i18n import language, language_of
from app.core.pagination import Cursor, Page
from app.core.web import limiter, now, reading, refusal, signed_in, transaction
from app.core.web.access import may
from app.core.web.alike import alike
from app.topics import comparing, following, proposing, queries
from app.topics.forms import SuggestForm
from app.topics.queries import lists
from app.topics.views.blueprint import bp
from app.topics.views.menus import running

SUGGESTIONS_A_NETWORK = "30/hour"
SUGGESTIONS_A_PERSON = "10/day"
MOST_STORIES = 200


@bp.get("/topics")
@alike(uses=Cursor.NAMES)
def index() -> str:
    """The topics that wait for a round, and the latest that were not taken."""
    with reading() as session:
        page = lists.waiting(session, Cursor.from_query(request.args))
        declined = lists.declined(session)
    return render_template(
        "topics/index.html",
        topics=page.rows,
        declined=declined,
        round=running(),
        **_neighbours(page),
    )


@bp.get("/topics/<int:topic_id>")
@alike()
def show_topic(topic_id: int) -> str:
    """One topic: what it is about, where it stands and how it came there."""
    is_known = current_user.is_authenticated
    with reading() as session:
        page = lists.topic_page(
            session,
            topic_id,
            account_id=current_user.id if is_known else None,
            sees_all=is_known and may(current_user, "editor") and current_user.has_second_factor,
        )
    if page is None:
        raise NotFound()
    return render_template(
        "topics/topic.html",
        topic=page.topic,
        steps=page.steps,
        round=page.round,
        following=page.following,
        may_follow=is_known,
    )


@bp.post("/topics/<int:topic_id>/follow")
@signed_in
def follow(topic_id: int) -> ResponseReturnValue:
    """Ask to be written to when it becomes a story, or take that back."""
    with transaction() as session:
        if request.form.get("stop"):
            following.unfollow(session, topic_id=topic_id, account_id=current_user.id)
        else:
            following.follow(session, topic_id=topic_id, account_id=current_user.id, now=now())
    return redirect(url_for("topics.show_topic", topic_id=topic_id), 303)


@bp.get("/topics/suggest")
@alike(uses=["article"])
def suggest() -> str:
    """The form for a suggestion, from here or from an article."""
    form = _suggest_form()
    form.article.data = (request.args.get("article") or "")[:500]
    form.form_key.data = single_use_key()
    return _suggest_page(form)


@bp.post("/topics/suggest")
def send_suggestion() -> ResponseReturnValue:
    """Keep a suggestion; where there are similar ones, show them first."""
    form = _suggest_form()
    try:
        return _take(form)
    except TooMany as error:
        return refusal(_suggest_page(form.refused(error)), error)


@bp.get("/stories")
@alike()
def stories() -> str:
    """Every winner, with its story or the reason why there is none yet."""
    with reading() as session:
        found = queries.winners(session, MOST_STORIES, now=now())
    return render_template("topics/stories.html", stories=found, totals=queries.totals(found))


def _suggest_form() -> SuggestForm:
    form = SuggestForm()
    if current_user.is_authenticated:
        del form.email
    return form


def _suggest_page(form: SuggestForm, similar: list[comparing.Similar] | None = None) -> str:
    return render_template(
        "topics/suggest.html",
        form=form,
        similar=similar or [],
        signed=current_user.is_authenticated,
    )


def _take(form: SuggestForm) -> ResponseReturnValue:
    limiter().hit(SUGGESTIONS_A_NETWORK, "suggest", limiting.network(request.remote_addr))
    if not form.validate():
        return _suggest_page(form), 422
    if not form.sure.data:
        with reading() as session:
            similar = comparing.similar(session, title=form.title.data or "")
        if similar:
            return _suggest_page(form, similar)
    if not form.website.data:
        _keep(form)
    flash(_("Thank you. An editor reads it before it stands here, and answers you by mail."))
    return redirect(url_for("topics.index"), 303)


def _keep(form: SuggestForm) -> None:
    is_known = current_user.is_authenticated
    who = str(current_user.id) if is_known else email_key(form.email.data or "")
    limiter().hit(SUGGESTIONS_A_PERSON, "suggest-person", who)
    with transaction() as session:
        proposing.propose(
            session,
            title=form.title.data or "",
            text=form.text.data or "",
            language=language_of(f"{form.title.data} {form.text.data}", language()),
            form_key=form.sent,
            account_id=current_user.id if is_known else None,
            email=None if is_known else form.email.data,
            article=form.article.data,
            now=now(),
        )


def _neighbours(page: Page[lists.TopicCard]) -> dict[str, str | None]:
    """The addresses of the older and the newer page."""
    return {
        "older": url_for("topics.index", after=page.after) if page.after else None,
        "newer": url_for("topics.index", before=page.before) if page.before else None,
    }
