"""Somebody at a real browser, and what the browser asked for and complained of meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.journeys.site import PATIENCE, Site
from tests.journeys.walker import an_address, app_code, code_in, link_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

    from app.mail.models import OutboxMessage

LOCALES = {"en": "en-GB", "uk": "uk-UA"}
WIDTHS = {360: 740, 1280: 900}


@dataclass
class Watch:
    """What a page must not do: ask other hosts, miss a file, throw, complain."""

    hosts: set[str]
    faults: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("request", self._asked)
        page.on("response", self._answered)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"thrown: {error}"))

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc not in self.hosts:
            self.faults.append(f"asked elsewhere: {request.url}")

    def _answered(self, response: Response) -> None:
        is_page = response.request.is_navigation_request()
        if response.status >= 400 and not is_page:
            self.faults.append(f"{response.status} for {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        # A page that answers 404 or 422 on purpose is such a message too; files are seen above.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.faults.append(f"{message.type}: {message.text}")


class Visitor:
    """A browser of its own: a person's cookies, language, window and address."""

    def __init__(self, site: Site, page: Page) -> None:
        self.site = site
        self.page = page

    def keep(self, *, language: str, session: str | None) -> None:
        """Have the cookies of somebody who came in before, and chose a language."""
        kept = {"lang": language} | ({"session": session} if session else {})
        self.page.context.add_cookies(
            [{"name": name, "value": value, "url": self.site.url} for name, value in kept.items()]
        )

    def come_anew(
        self, language: str, scheme: str, width: int, *, session: str | None = None
    ) -> None:
        """Be somebody else at another screen: a new browser would cost as much as three pages."""
        self.page.context.clear_cookies()
        self.page.set_extra_http_headers(
            {"X-Forwarded-For": an_address(), "Accept-Language": LOCALES[language]}
        )
        self.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        self.keep(language=language, session=session)

    def open(self, path: str) -> int:
        """Go to an address of the site; gives the status."""
        answer = self.page.goto(path if "://" in path else self.site.url + path)
        assert answer is not None, path
        return answer.status

    def press(self, label: str) -> None:
        """Press the one button that says this."""
        self.page.get_by_role("button", name=label).click()

    def follow(self, label: str) -> None:
        """Follow the first link that says this."""
        self.page.get_by_role("link", name=label).first.click()

    def reads(self, text: str) -> None:
        """Wait until the page says this."""
        from playwright.sync_api import TimeoutError as TooLate

        try:
            self.page.get_by_text(text).first.wait_for()
        except TooLate:
            raise AssertionError(f"no {text!r} on {self.page.url}: {self.says()}") from None

    def at(self, pattern: str) -> None:
        """Wait until the browser is at an address of the site, ``**`` for anything."""
        self.page.wait_for_url(f"{self.site.url}{pattern}")

    def is_thanked(self, text: str) -> None:
        """Come back from paying, and read this."""
        self.at("/join/thanks?**")
        self.reads(text)

    def says(self) -> str:
        """All that can be read on the page."""
        return plain(self.page.locator("main").inner_text())

    def choose(self, name: str, value: str) -> None:
        """Choose a card of the join page: by its link without a script, else in place."""
        card = self.page.locator(
            "label.card", has=self.page.locator(f"[name={name}][value='{value}']")
        )
        card.click()
        self.page.locator(f"[name={name}][value='{value}']:checked").wait_for(state="attached")

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.locator(f"main [name={name}]").fill(value)

    def send_join(self, email: str) -> None:
        """Send the join form as it stands, and arrive at the page to pay on."""
        self.fill(email=email)
        self.page.locator("#charge button").click()
        self.page.wait_for_url(f"{self.site.stripe}/sandbox/checkout/**")

    def pay(self, number: str) -> None:
        """Choose a test card or account on the payment page, and pay with it."""
        self.page.locator(f"a[href*='use={number}']").click()
        self.page.wait_for_url("**use=**")
        self.page.locator("form button.btn").click()

    def read_mail(self, email: str, kind: str) -> None:
        """Open somebody's mail of a kind, once it is written, on the development page."""
        self.open(f"/dev/mail/{self.site.mail(email, kind).id}")

    def sign_in_by_link(self, email: str, *, at: str = "/sign-in") -> None:
        """Ask for a mail, open its link from the mail's page, and press the button there."""
        self.open(f"/dev/mail/{self._ask(at, email).id}")
        self.page.locator("a[href*='/sign-in/']").first.click()
        self.page.wait_for_url("**/sign-in/*")
        self.page.locator("main form button").click()
        self.page.wait_for_url(lambda url: "/sign-in/" not in url or "second-factor" in url)

    def sign_in_by_code(self, email: str, *, at: str = "/sign-in") -> None:
        """Ask for a mail, and type its six digits."""
        mail = self._ask(at, email)
        self.fill(code=code_in(mail.text))
        self.page.locator("main form button").click()
        self.page.wait_for_url(lambda url: "/sign-in/code" not in url)

    def sign_in_staff(self, email: str) -> None:
        """Come in as staff, with the code that the app shows."""
        self.sign_in_by_code(email)
        self.at("/sign-in/second-factor**")
        self.fill(code=app_code(self.site, email))
        self.page.locator("main form button").click()
        self.at("/admin/")

    def _ask(self, at: str, email: str) -> OutboxMessage:
        before = len(self.site.mails(email, "sign_in"))
        if at not in self.page.url:
            self.open(at)
        self.fill(email=email)
        self.page.locator("main form button").click()
        self.at("/sign-in/code")
        return self.site.mail(email, "sign_in", number=before + 1)


def plain(text: str) -> str:
    """A text with ordinary spaces only."""
    return " ".join(text.split())


def link_of(site: Site, email: str, *, number: int = 1) -> str:
    """The path of the link in somebody's sign-in mail."""
    return link_in(site.mail(email, "sign_in", number=number).text)


@contextmanager
def visiting(
    chromium: Browser,
    site: Site,
    *,
    script: bool = True,
    language: str = "en",
    width: int = 1280,
    scheme: str = "light",
    **more: Any,
) -> Iterator[Visitor]:
    """A browser from a new address; what it complained of fails the test at its end."""
    context = chromium.new_context(
        java_script_enabled=script,
        locale=LOCALES[language],
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        extra_http_headers={"X-Forwarded-For": an_address()},
        reduced_motion="reduce",
        **more,
    )
    context.set_default_timeout(PATIENCE * 200)
    watch = Watch({urlsplit(site.url).netloc, urlsplit(site.stripe).netloc})
    context.on("page", watch.over)
    try:
        yield Visitor(site, context.new_page())
        assert not watch.faults, "\n".join(watch.faults)
    finally:
        context.close()
