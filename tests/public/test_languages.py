"""The links to a page in the other languages, whatever stands in the address bar."""

from __future__ import annotations

import re

import pytest

from tests.membership.counter import Counter

LINK = re.compile(r'href="([^"]*)" lang="uk"')


def other(text: str) -> str:
    """Where a page says that it can be read in Ukrainian."""
    found = LINK.search(text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    "name", ["endpoint", "values", "self", "_method", "_scheme", "_external", "_anchor"]
)
def test_no_name_in_the_address_breaks_a_page(counter: Counter, name: str) -> None:
    for path in ("/sign-in", "/stop", "/topics", "/nowhere"):
        answer = counter.reader().get(path, query_string={name: "http"})
        assert answer.status_code == (404 if path == "/nowhere" else 200), path
        assert other(answer.text).startswith(f"{path}?"), path


def test_what_a_page_reads_of_its_address_goes_along(counter: Counter) -> None:
    text = counter.reader().get("/join?amount=7&interval=year&utm_source=mail&lang=en").text
    assert other(text) == "/join?amount=7&amp;interval=year&amp;lang=uk"


def test_an_answer_to_a_form_has_no_link_that_would_lose_what_was_typed(counter: Counter) -> None:
    for path in ("/rounds/1/ballot", "/join"):
        assert not LINK.search(counter.reader().post(path).text), path
    assert not LINK.search(counter.reader().submit("/join").text)


def test_no_link_leads_to_another_host(counter: Counter) -> None:
    for path in ("/nowhere", "/\\evil.example", "/%2F%2Fevil.example"):
        answer = counter.reader().get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 404, path
        assert re.match(r"/[^/\\]", other(answer.text)), path
