"""Whatever is typed into an address or a form: a clear answer, and never a page that fell over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from app.core.db import Database
from app.core.forms import Form
from app.core.web.failures import MACHINE_PATHS
from tests import factories, founding
from tests.architecture.files import modules
from tests.clocks import FixedClock
from tests.reading import FROM_HERE, Reader, resent
from tests.topics.scene import Scene

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

pytestmark = pytest.mark.slow
NASTY = (
    "", "0", "-1", "1e9", "9" * 30, "NaN", "٣", "\x00", "%00", "5,00", "null", "[]", "{}",
    "a" * 5000, "'; DROP TABLE round; --", "<script>alert(1)</script>", "../../etc/passwd",
    "//evil.example", "/\t/evil.example", "2026-13-45", "2026-02-30T25:61", "\u202e\ud83d",
)  # fmt: skip
NOT_READY = "ops.ready"  # says 503 where no worker works, and none does here
LAST = ("accounts.sign_out", "accounts.end", "accounts.erase")  # after these nobody is signed in
PART = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?\w+>")
Visitors = dict[str, Reader]


@pytest.fixture
def visitors(app: Flask, db: Database, clock: FixedClock) -> Visitors:
    """A stranger, a patron and an admin, of a newsroom in which number 1 of all things exists."""
    with db.transaction() as session:
        founding.found(session, now=clock())
    scene = Scene(db, clock)
    topics, (patron,) = scene.topics(3), scene.patrons(1)
    scene.cast(scene.open_round(topics), patron, topics[:1])
    with db.transaction() as session:
        admin = factories.make_staff(session, now=clock(), role="admin")
        tokens = {
            "patron": factories.sign_in(session, patron),
            "admin": factories.sign_in(session, admin),
        }
    found: Visitors = {"stranger": browser(app)}
    for name, token in tokens.items():
        found[name] = browser(app)
        with found[name].session_transaction() as kept:
            kept["_user_id"] = token
    return found


def test_no_address_falls_over(app: Flask, visitors: Visitors, in_full: bool) -> None:
    arguments = names_of_arguments()
    assert len(arguments) > 15
    fell = [
        f"{answer.status_code} for {name} at {address[:200]}"
        for rule, name, texts in tries(app, "GET", visitors, each=len(NASTY) if in_full else 1)
        for text in texts
        for address in [filled(rule, text) + "?" + typed(arguments, text)]
        if (answer := visitors[name].get(address)).status_code >= 500
    ]
    assert fell == []


def test_no_form_falls_over(app: Flask, visitors: Visitors, in_full: bool) -> None:
    app.config["WTF_CSRF_ENABLED"] = False  # what comes with a token is as hostile
    fields = sorted({field for form in kinds_of(Form) for field in names_of_fields(form)})
    assert len(fields) > 40
    fell = [
        f"{answer.status_code} for {name} at {address} with {text[:40]!r}"
        for rule, name, texts in tries(app, "POST", visitors, each=len(NASTY) if in_full else 3)
        for text in texts
        for address in [filled(rule, "1")]
        if (answer := send(visitors[name], address, typed(fields, text))).status_code >= 500
    ]
    assert fell == []


def test_no_form_that_comes_late_loses_what_was_typed(app: Flask, visitors: Visitors) -> None:
    typed_before = [("a field", "кава <b>"), ("a field", 'two\r\n"lines"'), ("csrf_token", "late")]
    lost = [
        f"{answer.status_code} for {name} at {address}"
        for rule, name, _ in tries(app, "POST", ["stranger", "admin"], each=0)
        for address in [filled(rule, "1")]
        if not address.startswith(MACHINE_PATHS)
        for answer in [send(visitors[name], address, urlencode(typed_before), headers=FROM_HERE)]
        if answer.status_code not in (400, 403) or resent(answer) != typed_before[:2]
    ]
    assert lost == []


def tries(
    app: Flask, method: str, visitors: Iterable[str], *, each: int
) -> Iterator[tuple[Rule, str, list[str]]]:
    """Every route for every visitor, with so many texts of the list, which goes round."""
    rules = [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]
    number = count()
    for rule in sorted(rules, key=lambda rule: (rule.endpoint.startswith(LAST), rule.rule)):
        for name in visitors:
            if rule.endpoint != NOT_READY:
                yield rule, name, [NASTY[next(number) % len(NASTY)] for _ in range(each)]


def filled(rule: Rule, text: str) -> str:
    """The rule's address: 1 where a number is wanted, the text elsewhere."""
    typed = quote(text.encode("utf-8", "surrogatepass"), safe="") or "1"
    return PART.sub(lambda part: "1" if part["kind"] == "int" else typed, rule.rule)


def send(reader: Reader, address: str, body: str, **more: Any) -> TestResponse:
    form = "application/x-www-form-urlencoded"
    return reader.post(address, data=body, content_type=form, **more)


def typed(names: list[str], text: str) -> str:
    """A query or a form in which everything that is read says the same."""
    return urlencode(dict.fromkeys(names, text), errors="surrogatepass")


def names_of_arguments() -> list[str]:
    """Every name that the product reads from an address."""
    calls = (
        node
        for module in modules("app/")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
    )
    return sorted(
        {
            str(call.args[0].value)
            for call in calls
            if ast.unparse(call.func).endswith(("args.get", "args.getlist"))
            and isinstance(call.args[0], ast.Constant)
        }
    )


def names_of_fields(form: type[Form]) -> Iterator[str]:
    """The names of a form's fields, as its class has them."""
    return (name for name in dir(form) if hasattr(getattr(form, name, None), "field_class"))


def kinds_of(form: type[Form]) -> Iterator[type[Form]]:
    """All forms of the product."""
    for kind in form.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def browser(app: Flask) -> Reader:
    """A browser with no cookie yet."""
    reader = app.test_client()
    assert isinstance(reader, Reader)
    return reader
