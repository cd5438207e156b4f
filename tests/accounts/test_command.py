"""`flask staff add`: how an installation gets its first admin."""

from __future__ import annotations

import pytest
from flask import Flask

from app.accounts.models import StaffMember
from tests.accounts.door import Door


def test_the_command_gives_a_role_and_says_how_to_set_the_app_up(door: Door, app: Flask) -> None:
    told = app.test_cli_runner().invoke(args=["staff", "add", "a@b.example", "--role", "admin"])
    assert told.exit_code == 0, told.output
    [member] = door.all(StaffMember)
    assert member.role == "admin"
    assert member.totp_secret in told.output
    assert "http://localhost/sign-in" in told.output


@pytest.mark.parametrize(
    "arguments",
    [["no address", "--role", "admin"], ["a@b.example", "--role", "king"], ["a@b.example"]],
    ids=str,
)
def test_the_command_refuses_what_it_cannot_use_in_one_sentence(
    door: Door, app: Flask, arguments: list[str]
) -> None:
    told = app.test_cli_runner().invoke(args=["staff", "add", *arguments])
    assert told.exit_code == 2
    assert "Traceback" not in told.output
    assert door.all(StaffMember) == []
