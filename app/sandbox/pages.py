"""The pages that a person clicks through: Checkout, the bank's question, and the dashboard."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from werkzeug.wrappers import Request, Response

from app.sandbox.pages_checkout import CheckoutPages
from app.sandbox.pages_desk import DeskPages
from app.sandbox.pages_rendering import redirect, render, static_file
from app.sandbox.pages_texts import language_for
from app.sandbox.sandbox import Sandbox

HOME = "/sandbox/"
READS = ("GET", "HEAD")


class Pages:
    """All pages of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._checkout = CheckoutPages(sandbox)
        self._desk = DeskPages(sandbox)

    def answer(self, request: Request) -> Response | None:
        """The page at this address, or what comes of its form; None where there is none."""
        if request.path in ("/", HOME.rstrip("/")):
            return redirect(HOME)
        if not request.path.startswith(HOME):
            return None
        parts = request.path.removeprefix(HOME).split("/")
        if request.method in READS:
            return self._read(request, parts)
        return self._act(request, parts) if request.method == "POST" else None

    def _read(self, request: Request, parts: list[str]) -> Response | None:
        match parts:
            case [""]:
                return self._desk.show(request)
            case ["static", name]:
                return static_file(name)
            case ["checkout", session_id]:
                return self._checkout.show(request, session_id)
            case ["checkout", session_id, "challenge"]:
                return self._checkout.ask(request, session_id)
        return None

    def _act(self, request: Request, parts: list[str]) -> Response | None:
        match parts:
            case ["checkout", session_id]:
                return self._checkout.pay(request, session_id)
            case ["checkout", session_id, "challenge"]:
                return self._checkout.answer(request, session_id)
            case [action]:
                return self._desk.act(request, action)
        return None


_PAGES: WeakKeyDictionary[Sandbox, Pages] = WeakKeyDictionary()


def answer(sandbox: Sandbox, request: Request) -> Response:
    """The page at this address, or one that says that there is none."""
    pages = _PAGES.get(sandbox)
    if pages is None:
        pages = _PAGES.setdefault(sandbox, Pages(sandbox))
    return pages.answer(request) or render(
        "closed.html",
        language_for(None, request.accept_languages),
        status=404,
        title="There is no such page",
        message="The dashboard of the sandbox leads to all there is.",
        back=HOME,
    )
