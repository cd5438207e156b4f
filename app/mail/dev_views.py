"""The outbox as a page, in development only: every mail as text and as HTML, links that work."""

from __future__ import annotations

import re

from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import Markup, escape

from app.core.clock import wall_clock
from app.core.errors import NotFound
from app.core.pagination import Cursor
from app.core.web import reading
from app.mail import queries
from app.mail.dev_panels import panels
from app.mail.models import OutboxMessage

# The mail is shown as if it came from nowhere: no script, no form, nothing loaded; its links open.
OF_THE_MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; "
    "frame-ancestors 'self'; base-uri 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)
AROUND_THE_MAIL = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ADDRESS = re.compile(r"https?://[^\s<>\"']+")

bp = Blueprint("dev_mail", __name__, url_prefix="/dev")


@bp.get("/mail")
def show_outbox() -> str:
    """What was written, newest first, and what upper rooms show beside it."""
    cursor = Cursor.from_query(request.args)
    wall = wall_clock()
    with reading() as session:
        page = queries.page(session, cursor=cursor)
        shown = [(str(panel.title), panel.rows(session, wall)) for panel in panels]
    return render_template("mail/dev_outbox.html", page=page, panels=shown)


@bp.get("/mail/<int:message_id>")
def show_mail(message_id: int) -> Response:
    """One mail: its headers, its text with links, its HTML in a frame."""
    mail = _find(message_id)
    page = render_template("mail/dev_mail.html", mail=mail, text=_with_links(mail.text))
    response = make_response(page)
    response.headers["Content-Security-Policy"] = AROUND_THE_MAIL
    return response


@bp.get("/mail/<int:message_id>/html")
def show_html(message_id: int) -> Response:
    """The HTML of one mail on an address of its own."""
    html = _find(message_id).html.replace("<head>", '<head><base target="_top">', 1)
    response = make_response(html)
    response.headers["Content-Security-Policy"] = OF_THE_MAIL
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _find(message_id: int) -> OutboxMessage:
    with reading() as session:
        mail = queries.message(session, message_id)
    if mail is None:
        raise NotFound()
    return mail


def _with_links(text: str) -> list[Markup]:
    """The paragraphs of a text, with line breaks and links."""
    return [Markup("<br>").join(map(_linked, part.split("\n"))) for part in text.split("\n\n")]


def _linked(line: str) -> Markup:
    parts: list[Markup] = []
    rest = 0
    for found in ADDRESS.finditer(line):
        parts.append(escape(line[rest : found.start()]))
        parts.append(Markup('<a href="{0}">{0}</a>').format(found[0]))
        rest = found.end()
    return Markup("").join([*parts, escape(line[rest:])])
