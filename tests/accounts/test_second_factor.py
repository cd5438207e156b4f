"""Staff's second factor: set up once, each code good once, and the desk closed without it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.accounts import second_factor
from app.accounts.models import LoginSession, StaffMember
from app.core.audit import AuditEntry
from app.core.clock import wall_clock
from tests.accounts.door import STEP, Door, later
from tests.reading import Reader

EDITOR = "editor@ledger.example"
WHERE = "/sign-in/second-factor"


@pytest.fixture
def editor(door: Door, client: Reader) -> Reader:
    """An editor who signed in by mail, and whose app is not set up."""
    door.staff(EDITOR, "editor")
    return door.let_in(client, EDITOR)


def test_staff_go_to_the_desk_and_meet_the_second_factor_first(door: Door, client: Reader) -> None:
    door.staff(EDITOR, "editor")
    mail = door.mail_for(client, EDITOR)
    assert client.submit(mail.link).location == "/admin/"
    answer = client.get("/admin/mail?state=failed")
    assert answer.status_code == 303
    assert answer.location == f"{WHERE}?next=/admin/mail?state%3Dfailed"


def test_the_first_time_shows_a_square_and_the_same_secret_as_text(
    door: Door, editor: Reader
) -> None:
    [member] = door.all(StaffMember)
    page = editor.get(WHERE)
    assert "<svg" in page.text
    assert f"<code>{member.totp_secret}</code>" in page.text
    assert "style=" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_the_right_code_opens_the_desk_and_proves_the_app(door: Door, editor: Reader) -> None:
    answer = editor.submit(WHERE, {"code": door.app_code(EDITOR), "next": "/admin/mail"})
    assert (answer.status_code, answer.location) == (303, "/admin/mail")
    assert editor.get("/admin/mail").status_code == 200
    [member] = door.all(StaffMember)
    assert member.totp_confirmed_at == door.clock()
    actions = [entry.action for entry in door.all(AuditEntry)]
    assert actions == ["staff.added", "staff.second_factor_set"]


def test_the_secret_is_not_shown_again(door: Door, editor: Reader) -> None:
    editor.submit(WHERE, {"code": door.app_code(EDITOR)})
    [member] = door.all(StaffMember)
    again = door.let_in(door.browser(), EDITOR)
    page = again.get(WHERE)
    assert "<svg" not in page.text
    assert member.totp_secret not in page.text


def test_a_code_of_the_app_works_once(door: Door, editor: Reader) -> None:
    code = door.app_code(EDITOR)
    editor.submit(WHERE, {"code": code})
    thief = door.let_in(door.browser(), EDITOR)
    answer = thief.submit(WHERE, {"code": code})
    assert answer.status_code == 422
    assert "was used already" in answer.text


def test_codes_before_a_used_one_are_used_up_too(door: Door, editor: Reader) -> None:
    wall = wall_clock()
    before, now = (door.app_code(EDITOR, at=wall - STEP), door.app_code(EDITOR, at=wall))
    editor.submit(WHERE, {"code": now})
    thief = door.let_in(door.browser(), EDITOR)
    assert thief.submit(WHERE, {"code": before}).status_code == 422


@pytest.mark.parametrize(
    ("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_phone_may_be_off_by_one_step(steps: int, is_taken: bool) -> None:
    wall = datetime(2026, 6, 10, 12, 0, 15, tzinfo=UTC)  # the middle of a step
    member = StaffMember(totp_secret=second_factor.new_secret(), totp_last_step=0)
    code = second_factor.current_code(member.totp_secret, wall=wall + steps * STEP)
    assert (second_factor._step_of(member, code, wall) is not None) == is_taken


def test_the_eleventh_code_has_to_wait(door: Door, editor: Reader) -> None:
    for _ in range(10):
        assert editor.submit(WHERE, {"code": "000000"}).status_code == 422
    answer = editor.submit(WHERE, {"code": door.app_code(EDITOR)})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_the_cookie_changes_when_the_desk_opens(door: Door, editor: Reader) -> None:
    with editor.session_transaction() as kept:
        before = kept["_user_id"]
    copied = editor.get_cookie("session")
    assert copied
    editor.submit(WHERE, {"code": door.app_code(EDITOR)})
    with editor.session_transaction() as kept:
        assert kept["_user_id"] != before
    thief = door.browser()
    thief.set_cookie("session", copied.value)
    assert thief.get("/admin/mail").location.startswith("/sign-in?")


def test_a_staff_session_ends_after_twelve_hours(door: Door, editor: Reader) -> None:
    editor.submit(WHERE, {"code": door.app_code(EDITOR)})
    with later(hours=11, minutes=59):
        assert editor.get("/admin/mail").status_code == 200
    with later(hours=12, minutes=1):
        assert editor.get("/admin/mail").location.startswith("/sign-in?")


def test_a_second_factor_ends_after_twelve_hours_even_in_a_longer_session(
    door: Door, editor: Reader
) -> None:
    editor.submit(WHERE, {"code": door.app_code(EDITOR)})
    door.change(LoginSession, expires_at=wall_clock() + timedelta(days=60))
    with later(hours=12, minutes=1):
        assert editor.get("/admin/mail").location.startswith(WHERE)


def test_readers_have_no_second_factor(door: Door, client: Reader) -> None:
    door.let_in(client)
    assert client.get(WHERE).status_code == 403
    assert client.submit(WHERE, {"code": "000000"}, at="/account/devices").status_code == 403
    assert door.browser().get(WHERE).location.startswith("/sign-in?")


def test_who_has_it_already_goes_on(door: Door, editor: Reader) -> None:
    editor.submit(WHERE, {"code": door.app_code(EDITOR)})
    assert editor.get(f"{WHERE}?next=//evil.example").location == "/admin/"


def test_two_who_type_one_code_at_once_are_one(door: Door, editor: Reader) -> None:
    """The row that is marked decides, not what was read before."""
    [member] = door.all(StaffMember)
    step = second_factor._step(wall_clock())
    with door.db.transaction() as session:
        first = second_factor._use_up(session, member.account_id, step)
        second = second_factor._use_up(session, member.account_id, step)
    assert (first, second) == (True, False)


def test_the_command_line_says_how_to_set_it_up_until_it_is(door: Door) -> None:
    account_id = door.staff(EDITOR, "editor")
    [member] = door.all(StaffMember)

    def told() -> str:
        with door.db.reading() as session:
            return second_factor.instructions(
                session, account_id=account_id, newsroom="The Ledger", site_url="https://l.example"
            )

    assert member.totp_secret in told()
    assert "otpauth://totp/The%20Ledger:editor%40ledger.example?secret=" in told()
    assert "https://l.example/sign-in" in told()
    with door.db.transaction() as session:
        session.execute(sa.update(StaffMember).values(totp_confirmed_at=door.clock()))
    assert member.totp_secret not in told()
