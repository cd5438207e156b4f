"""Commands for operators: `flask --app wsgi …`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import cast

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.orm import Session
from wtforms import ValidationError

from app.accounts import erasing, exporting, people, second_factor, staffing
from app.accounts.models import ROLES
from app.core import clearing, jobs
from app.core.clock import wall_clock
from app.core.forms import normal_email
from app.core.i18n import LANGUAGES
from app.core.settings import BadEnvironment
from app.core.web.context import House
from app.newsroom import founding
from app.newsroom import queries as newsroom
from app.ops import doctor, migrating, telling
from app.ops.demo import building
from app.ops.worker import Worker
from app.payments import reconcile, replaying, setup
from app.payments.gateway import Gateway
from app.reporting import movements


def install(app: Flask) -> None:
    """Add the commands to the application."""
    house: House = app.extensions["house"]
    for group in (
        _serving(house),
        _rehearsing(house),
        _staff(house),
        _people(house),
        _stripe(house),
        _jobs(house),
        _reports(house),
    ):
        for command in group:
            app.cli.add_command(telling.in_words(command))


def prepare(house: House) -> None:
    """Migrate the database and found the newsroom where there is none."""
    with migrating.in_turn(house.db):
        migrating.upgrade(house.settings.database_url)
        with house.db.transaction() as session:
            founding.found(session, now=wall_clock())


def work_of(house: House) -> jobs.Work:
    """The same house for jobs, with the worker's patience towards Stripe."""
    services = house.services | {"gateway": house.services["patient_gateway"]}
    return jobs.Work(house.db, house.settings, house.clock, services)


def _serving(house: House) -> list[click.Command]:
    @click.command()
    @click.option("--host", default="127.0.0.1", show_default=True)
    @click.option("--port", default=8000, show_default=True)
    @click.option("--workers", default=1, show_default=True)
    @click.option("--threads", default=8, show_default=True)
    def serve(host: str, port: int, workers: int, threads: int) -> None:
        """Migrate the database, then serve the site."""
        _need_all_settings(house)
        prepare(house)
        house.db.dispose()
        arguments = [sys.executable, "-m", "gunicorn", "--no-control-socket", "-k", "gthread"]
        arguments += ["--workers", str(workers), "--threads", str(threads)]
        arguments += ["--bind", f"{host}:{port}"]
        os.execv(sys.executable, [*arguments, "wsgi:app"])  # noqa: S606  (no shell, own arguments)

    @click.command()
    @click.option("--name", default=f"worker-{os.getpid()}", show_default=False)
    def work(name: str) -> None:
        """Handle Stripe's events and do jobs until stopped."""
        _need_all_settings(house)
        prepare(house)
        Worker(work_of(house), name=name).run()

    return [serve, work]


def _need_all_settings(house: House) -> None:
    try:
        house.settings.check_serving()
    except BadEnvironment as error:
        raise click.ClickException(str(error)) from None


def _rehearsing(house: House) -> list[click.Command]:
    @click.command()
    @click.option("--seed", default=building.SEED, show_default=True)
    @click.option("--empty", is_flag=True, help="Only let the sandbox deliver its events.")
    def demo(seed: int, empty: bool) -> None:
        """Ask the worker to build the demo newsroom; only beside a sandbox."""
        prepare(house)
        try:
            asked = building.ask(house.db, house.settings, seed=seed, empty=empty)
        except building.NotARehearsal as error:
            raise click.ClickException(str(error)) from None
        click.echo("The worker is told." if asked else "The newsroom stays as it is.")

    @click.command(name="doctor")
    def examine() -> None:
        """Check every promise that can be checked, and say what is broken."""
        findings = doctor.examine(work_of(house))
        for line in doctor.report(findings):
            click.echo(line)
        if any(finding.rows for finding in findings):
            sys.exit(1)

    return [demo, examine]


def _staff(house: House) -> list[click.Command]:
    group = AppGroup("staff", help="People of the newsroom.")

    @group.command("add")
    @click.argument("email")
    @click.option("--role", type=click.Choice(ROLES), required=True)
    @click.option("--language", type=click.Choice(list(LANGUAGES)), default="en", show_default=True)
    def add(email: str, role: str, language: str) -> None:
        """Give an address a role, and print how its second factor is set up."""
        try:
            address = normal_email(email)
        except ValidationError as error:
            raise click.BadParameter(str(error), param_hint="EMAIL") from None
        prepare(house)
        with house.db.transaction() as session:
            member = staffing.add_staff(
                session, email=address, role=role, language=language, now=wall_clock()
            )
            session.flush()
            told = second_factor.instructions(
                session,
                account_id=member.account_id,
                newsroom=newsroom.current(session).name,
                site_url=house.settings.site_url,
            )
        click.echo(f"{address} is {role}.\n{told}", nl=False)

    return [group]


def _people(house: House) -> list[click.Command]:
    group = AppGroup("people", help="What we keep of a person, at their wish.")

    @group.command("export")
    @click.argument("email")
    def give_out(email: str) -> None:
        """Print everything that is kept about a person, as JSON."""
        with house.db.transaction() as session:
            number, wall = _account(session, email), wall_clock()
            found = exporting.give_out(
                session, account_id=number, actor_id=None, now=wall, wall=wall
            )
        click.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))

    @group.command("erase")
    @click.argument("email")
    def forget(email: str) -> None:
        """Take a person's name and address from everything; their payments stay as numbers."""
        with house.db.transaction() as session:
            number = _account(session, email)
            try:
                erasing.erase(session, account_id=number, actor_id=None, now=wall_clock())
            except erasing.StillStaff as error:
                raise click.ClickException(str(error.message)) from None
        click.echo("Nothing that names this person is kept any more.")

    return [group]


def _account(session: Session, email: str) -> int:
    found = people.by_email(session, email)
    if found is None:
        raise click.ClickException(f"There is nobody with the address {email}.")
    return found.id


def _stripe(house: House) -> list[click.Command]:
    group = AppGroup("stripe", help="The Stripe account behind this installation.")

    def gateway() -> Gateway:
        return cast(Gateway, house.services["patient_gateway"])

    @group.command("setup")
    def set_up() -> None:
        """Create the webhook endpoint at Stripe and print its secret."""
        for line in setup.ensure_endpoint(gateway(), site_url=house.settings.site_url):
            click.echo(line)

    @group.command("reconcile")
    def compare() -> None:
        """Compare our mirror with Stripe, fetch what was missed, repair what differs."""
        with house.db.transaction() as session:
            reconcile.asked(session, actor_id=None, now=house.clock())
        for line in reconcile.report(reconcile.run(house.db, gateway(), now=house.clock())):
            click.echo(line)

    @group.command("replay")
    @click.argument("event")
    def replay(event: str) -> None:
        """Handle one kept event again."""
        state = replaying.replay(
            house.db, gateway(), event_id=event, actor_id=None, now=house.clock()
        )
        if state is None:
            raise click.ClickException(f"There is no event {event} in the inbox.")
        click.echo(f"{event} is {state} now.")

    return [group]


def _jobs(house: House) -> list[click.Command]:
    group = AppGroup("jobs", help="What the worker does.")

    @group.command("retry")
    @click.argument("key")
    def retry(key: str) -> None:
        """Let work that failed for good be tried again: KEY as `doctor` names it, or "all"."""
        click.echo(f"To be tried again: {len(clear(clearing.retry, key))}.")

    @group.command("drop")
    @click.argument("key")
    def drop(key: str) -> None:
        """Leave work that failed for good undone: KEY as `doctor` names it, or "all"."""
        dropped = clear(clearing.drop, key)
        for name in dropped:
            click.echo(name)
        click.echo(f"Dropped: {len(dropped)}.")

    def clear(how: Callable[..., list[str]], key: str) -> list[str]:
        with house.db.transaction() as session:
            found = how(session, None if key == "all" else key, now=house.clock())
        if not found and key != "all":
            raise click.ClickException(f"No failed work has the key {key}.")
        return found

    return [group]


def _reports(house: House) -> list[click.Command]:
    group = AppGroup("reports", help="The figures.")

    @group.command("rebuild")
    def rebuild() -> None:
        """Recompute every movement from history."""
        wrong = movements.rebuild(house.db, actor_id=None, now=house.clock())
        click.echo(f"{wrong} rows were wrong and are right now.")

    @group.command("check")
    def check() -> None:
        """Compare the stored movements with their history; exit 1 where they differ."""
        with house.db.reading() as session:
            wrong = movements.wrong(session)
        click.echo(f"{len(wrong)} accounts differ." if wrong else "Every movement has its cause.")
        if wrong:
            sys.exit(1)

    return [group]
