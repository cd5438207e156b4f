"""A form as a browser without script fills it in: what stands there, changed by hand, is sent."""

from __future__ import annotations

from html.parser import HTMLParser

TYPED = ("text", "email", "hidden", "search", "number")


class FormReader(HTMLParser):
    """Collects the fields of the forms of a page, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self.actions: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
            self.actions.append(found.get("action", ""))
        elif tag == "input" and self.forms and found.get("name"):
            kind = found.get("type", "text")
            if kind in TYPED:
                self.forms[-1][found["name"]] = found.get("value", "")
            elif "checked" in found:
                self.forms[-1][found["name"]] = found.get("value", "on")


def fields(html: str, action: str) -> dict[str, str]:
    """What a browser would send of the form with this action if the reader changed nothing."""
    reader = FormReader()
    reader.feed(html)
    assert action in reader.actions, f"no form leads to {action}, only {reader.actions}"
    return reader.forms[reader.actions.index(action)]
