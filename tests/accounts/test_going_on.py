"""Where people go after signing in: back where they came from, and never to another host."""

from __future__ import annotations

import pytest

from app.core.web import safe_target
from tests.accounts.door import Door
from tests.reading import Reader

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example/",
    "https:evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "/\u2028/evil.example",
    "/\ud800",
    "",
]


@pytest.mark.parametrize("target", ELSEWHERE, ids=ascii)
def test_no_target_on_another_host_is_safe(target: str) -> None:
    assert safe_target(target, "/account") == "/account"


@pytest.mark.parametrize("target", ["/topics", "/rounds/4?x=1#y", "/a//b", "/%2F%2Fevil"])
def test_a_page_of_ours_is(target: str) -> None:
    assert safe_target(target, "/account") == target


@pytest.mark.parametrize("by", ["link", "code"])
def test_who_came_from_a_page_goes_back_to_it(door: Door, client: Reader, by: str) -> None:
    page = client.get("/sign-in?next=/rounds/4%3Fx%3D1")
    assert 'value="/rounds/4?x=1"' in page.text
    mail = door.mail_for(client, to_go="/rounds/4?x=1")
    if by == "link":
        answer = door.browser().submit(mail.link)
    else:
        answer = client.submit("/sign-in/code", {"code": mail.code})
    assert answer.location == "/rounds/4?x=1"


def test_nobody_is_sent_elsewhere_by_a_form_or_by_the_link_after_it(
    door: Door, client: Reader
) -> None:
    targets = ["//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example",
               "https://evil.example/", "/" + "a" * 600]  # fmt: skip
    for target in targets:
        mail = door.mail_for(door.browser(), to_go=target)
        assert door.browser().submit(mail.link).location == "/account"


def test_nobody_who_is_signed_in_is_sent_elsewhere(door: Door, client: Reader) -> None:
    door.let_in(client)
    for target in filter(str.isprintable, ELSEWHERE):
        answer = client.get("/sign-in", query_string={"next": target})
        assert answer.location == "/account", target


def test_a_target_with_a_nul_is_refused_in_words(door: Door, client: Reader) -> None:
    answer = client.get("/sign-in?next=/%00")
    assert answer.status_code == 400
    assert "cannot be read" in answer.text


def test_a_refusal_speaks_its_readers_language_whoever_was_served_before(
    door: Door, client: Reader
) -> None:
    assert '<html lang="uk"' in client.get("/sign-in?lang=uk").text
    assert '<html lang="uk"' in client.get("/sign-in?next=/%00").text
    stranger = door.browser().get("/sign-in?next=/%00", headers={"Accept-Language": "en"})
    assert '<html lang="en"' in stranger.text
