"""A browser without a script, for making a newsroom quickly: pages by HTTP, forms as they stand."""

from __future__ import annotations

import re
import time
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pyotp
import requests
import sqlalchemy as sa

from app.accounts.models import Account, StaffMember
from app.accounts.second_factor import STEP_SECONDS
from tests.journeys.site import PATIENCE, Site, until
from tests.membership.paper import fields

LINK = re.compile(r"https?://\S+/sign-in/\S+")
MANAGE = re.compile(r"https?://\S+/manage/\S+")
CODE = re.compile(r"^(\d{3}) (\d{3})$", re.MULTILINE)
GOOD = "4242424242424242"
_people = count(1)


def an_address() -> str:
    """Where the next visitor comes from; each has an address of their own."""
    number = next(_people)
    return f"10.{number // 250}.{number % 250}.7"


class Walker:
    """Somebody with cookies, a language and an address of their own."""

    def __init__(self, site: Site, *, language: str = "en") -> None:
        self.site = site
        self._http = requests.Session()
        self._http.headers["Accept-Language"] = language
        self._http.headers["X-Forwarded-For"] = an_address()

    @property
    def cookie(self) -> str:
        """This browser's session."""
        return self._http.cookies["session"]

    def open(self, path: str) -> str:
        """A page's HTML."""
        answer = self._http.get(self.site.url + path, timeout=PATIENCE)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.text

    def send(self, at: str, action: str, **typed: Any) -> requests.Response:
        """Fill in the form on the page ``at`` that leads to ``action``; where it redirects to."""
        form: dict[str, Any] = fields(self.open(at), action) | typed
        answer = self._http.post(
            self.site.url + action, data=form, timeout=PATIENCE, allow_redirects=False
        )
        assert answer.status_code == 303, f"{action}: {answer.status_code} {answer.text}"
        return answer

    def begin(self, email: str, query: str = "", **typed: str) -> str:
        """Fill in the join form; gives the id of the Checkout session."""
        sent = self.send(f"/join{query}", "/join", email=email, **typed)
        return urlsplit(sent.headers["Location"]).path.rsplit("/", 1)[1]

    def join(self, email: str, query: str = "", *, name: str = "A Reader", **typed: str) -> str:
        """Become a patron; gives the id of the Checkout session."""
        checkout = self.begin(email, query, **typed)
        self.site.control("pay", session=checkout, card=GOOD, name=name)
        self.site.settle()
        return checkout

    def sign_in(self, email: str) -> None:
        """Come in by the link of a mail."""
        before = len(self.site.mails(email, "sign_in"))
        self.send("/sign-in", "/sign-in", email=email)
        link = link_in(self.site.mail(email, "sign_in", number=before + 1).text)
        self.send(link, link)

    def sign_in_staff(self, email: str) -> None:
        """Come in, with the app's code."""
        self.sign_in(email)
        at = "/sign-in/second-factor"
        self.send(at, at, code=app_code(self.site, email))


def signed_in(site: Site) -> dict[str, str]:
    """The session cookies of a patron, an admin, and staff that is only half way in."""
    ann, admin, locked = Walker(site), Walker(site), Walker(site)
    ann.sign_in("ann@example.org")
    admin.sign_in_staff("admin@demo.example")
    locked.sign_in("viewer@demo.example")
    return {"ann": ann.cookie, "admin": admin.cookie, "locked": locked.cookie}


def link_in(text: str, pattern: re.Pattern[str] = LINK) -> str:
    """The path that a link in a mail leads to."""
    found = pattern.search(text)
    assert found, text
    return urlsplit(found[0]).path


def code_in(text: str) -> str:
    """The six digits in a sign-in mail."""
    found = CODE.search(text)
    assert found, text
    return found[1] + found[2]


def app_code(site: Site, email: str) -> str:
    """What the app on this person's phone shows, waiting for it to change after each use.

    The desk also takes the code of the step to come, so most often there is no wait.
    """

    def unused() -> str:
        own = sa.select(StaffMember).join(Account, Account.id == StaffMember.account_id)
        with site.house.db.reading() as session:
            member = session.scalars(own.where(Account.email == email)).one()
        step = int(time.time()) // STEP_SECONDS
        fresh = max(step, member.totp_last_step + 1)
        return pyotp.TOTP(member.totp_secret).generate_otp(fresh) if fresh <= step + 1 else ""

    return until(unused)
