"""People of the newsroom and its readers, without a browser: the application answers directly."""

from __future__ import annotations

from html.parser import HTMLParser

import sqlalchemy as sa

from app.accounts.models import Account
from tests import factories
from tests.journeys.site import Site
from tests.reading import Reader


def come_in(site: Site, email: str = "") -> Reader:
    """A browser of somebody who is signed in, second factor and all; of a stranger without one."""
    reader = Reader(site.app, site.app.response_class)
    if email:
        with site.house.db.transaction() as session:
            mine = sa.select(Account.id).where(Account.email == email)
            token = factories.sign_in(session, session.scalars(mine).one())
        with reader.session_transaction() as kept:
            kept["_user_id"] = token
    return reader


class Standing(HTMLParser):
    """What stands on a page: its links, its forms, and what is ``filled`` in, by name and value."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.filled: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.actions: list[tuple[str, str]] = []
        self._name = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name, value = found.get("name", ""), found.get("value", "")
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "form":
            self.actions.append((found.get("method", "get").upper(), found.get("action", "")))
        elif tag in ("select", "textarea"):
            self._name = name
        elif tag == "option" and "selected" in found:
            self.filled.add((self._name, value))
        elif tag == "input" and (
            found.get("type") not in ("checkbox", "radio") or "checked" in found
        ):
            self.filled.add((name, value))

    def handle_data(self, data: str) -> None:
        if self.lasttag == "textarea" and data.strip():
            self.filled.add((self._name, data.strip("\n")))
