"""The newsroom's settings: who it is, what it offers in each currency, its texts."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.core.i18n import gettext as _
from app.core.i18n import language
from app.core.web import nav, now, reading, requires, transaction
from app.newsroom import changing, queries, writing
from app.newsroom.forms import NewsroomForm, OfferForm, TextForm, Whole
from app.newsroom.here import here
from app.newsroom.models import CurrencyOffer
from app.newsroom.texts import DEFAULT_TEXTS

bp = Blueprint("newsroom_staff", __name__, url_prefix="/admin/settings")
nav.add("desk", "newsroom_staff.texts", label=lambda: _("Texts"), order=50)
nav.add("desk", "newsroom_staff.settings", label=lambda: _("Settings"), order=90)


@bp.get("")
@requires("admin")
def settings() -> str:
    with reading() as session:
        offers = queries.offers(session)
    return _page(_newsroom_form(offers), offers)


@bp.post("")
@requires("admin", confirmed=True)
def change() -> ResponseReturnValue:
    """Who the newsroom is, and its rules."""
    with reading() as session:
        offers = queries.offers(session)
    form = _newsroom_form(offers)
    if not form.validate_on_submit():
        return _page(form, offers), 422
    values = {
        field.name: field.number if isinstance(field, Whole) else field.data
        for field in form
        if field.name != "csrf_token"
    }
    with transaction() as session:
        changing.change(session, values, actor_id=current_user.id, now=now())
    flash(_("Saved."))
    return redirect(url_for("newsroom_staff.settings"), 303)


@bp.route("/currencies/<currency>", methods=["GET", "POST"])
@requires("admin", confirmed=True)
def offer(currency: str) -> ResponseReturnValue:
    """Amounts, bounds and goal in one currency."""
    with reading() as session:
        found = queries.offer(session, currency)
    if found is None:
        abort(404)
    form = OfferForm.of(found)
    if form.validate_on_submit():
        with transaction() as session:
            changing.offer(
                session, currency=currency, terms=form.terms, actor_id=current_user.id, now=now()
            )
        flash(_("Saved."))
        return redirect(url_for("newsroom_staff.settings"), 303)
    page = render_template("newsroom/offer.html", form=form, currency=currency)
    return page, 422 if form.has_errors else 200


@bp.get("/texts")
@requires("editor")
def texts() -> str:
    """The newsroom's texts, each a page to write on."""
    with reading() as session:
        begins = writing.beginnings(session, language())
    return render_template("newsroom/texts.html", texts=list(DEFAULT_TEXTS), begins=begins)


@bp.route("/texts/<key>", methods=["GET", "POST"])
@requires("editor")
def text(key: str) -> ResponseReturnValue:
    """One of the newsroom's texts, in both languages."""
    if key not in DEFAULT_TEXTS:
        abort(404)
    with reading() as session:
        bodies = writing.bodies(session, key)
    form = TextForm(data=bodies).over(TextForm(formdata=None, data=bodies))
    if form.validate_on_submit():
        bodies = {"en": form.en.data or "", "uk": form.uk.data or ""}
        with transaction() as session:
            changing.write(session, key=key, bodies=bodies, actor_id=current_user.id, now=now())
        flash(_("Saved."))
        return redirect(url_for("newsroom_staff.texts"), 303)
    page = render_template("newsroom/text.html", form=form, key=key)
    return page, 422 if form.has_errors else 200


def _newsroom_form(offers: Sequence[CurrencyOffer]) -> NewsroomForm:
    return NewsroomForm(obj=here(), currencies=[offer.currency for offer in offers])


def _page(form: NewsroomForm, offers: Sequence[CurrencyOffer]) -> str:
    return render_template("newsroom/settings.html", form=form, offers=offers)
