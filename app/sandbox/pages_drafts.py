"""What was typed into the checkout form, and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from werkzeug.datastructures import MultiDict

FIELDS = ("email", "method", "number", "expiry", "cvc", "iban", "name")
LONGEST = 200
EXPIRY = re.compile(r"(\d{1,2})\s*[/\-. ]?\s*(\d{2}|20\d{2})", re.ASCII)
CODE = re.compile(r"\d{3,4}", re.ASCII)
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True)
class Draft:
    """The form as it was typed, with a notice above it and messages beside its fields."""

    values: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    errors: dict[str, str] = field(default_factory=dict)
    notice: str = ""
    declined: bool = False


@dataclass(frozen=True)
class Means:
    """How somebody wants to pay: a card number or an IBAN, and the date on the card."""

    number: str
    month: int
    year: int


def typed(form: MultiDict[str, str], *, email: str | None) -> dict[str, str]:
    """What was typed; an address that the shop has set stays as it is."""
    values = {name: form.get(name, "").strip()[:LONGEST] for name in FIELDS}
    values["method"] = method_of(values["method"])
    return values | ({"email": email} if email else {})


def method_of(text: str) -> Literal["card", "debit"]:
    """The two ways to pay; what is unknown is a card."""
    return "debit" if text == "debit" else "card"


def faults(values: dict[str, str], *, now: int) -> dict[str, str]:
    """What is missing or cannot be, by field; empty where the form can be tried."""
    found: dict[str, str] = {}
    if not ADDRESS.fullmatch(values["email"]):
        found["email"] = "Enter an e-mail address."
    if values["method"] == "debit":
        if not values["iban"]:
            found["iban"] = "Enter a bank account."
    else:
        if not values["number"]:
            found["number"] = "Enter a card number."
        if message := _expiry_fault(values["expiry"], now):
            found["expiry"] = message
        if not CODE.fullmatch(values["cvc"]):
            found["cvc"] = "Enter the three or four digits."
    if not values["name"]:
        found["name"] = "Enter a name."
    return found


def means(values: dict[str, str]) -> Means:
    """The means of payment of a form without faults."""
    if values["method"] == "debit":
        return Means(values["iban"], 12, 2099)
    month, year = _expiry(values["expiry"])
    return Means(values["number"], month, year)


def _expiry_fault(text: str, now: int) -> str | None:
    if not EXPIRY.fullmatch(text):
        return "Enter the month and the year, such as 12 / 34."
    month, year = _expiry(text)
    if not 1 <= month <= 12:
        return "There are twelve months."
    today = datetime.fromtimestamp(now, UTC)
    if (year, month) < (today.year, today.month):
        return "This date has passed."
    return None


def _expiry(text: str) -> tuple[int, int]:
    match = EXPIRY.fullmatch(text)
    if match is None:
        raise ValueError(f"no month and year: {text!r}")
    return int(match[1]), 2000 + int(match[2]) % 100
