"""The webhook: kept before it is answered, never a 5xx, whatever is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.clock import wall_clock
from app.core.web.context import House
from app.payments.intake import Intake
from app.payments.models import StripeEvent
from tests.payments.events import encoded, make_event, signed
from tests.reading import Reader
from tests.statements import statements

PATH = "/stripe/webhook"
THIN = {
    "id": "evt_65", "object": "v2.core.event", "type": "v2.core.account.updated",
    "livemode": False, "created": "2026-06-10T12:00:00.000Z",
    "related_object": {"id": "acct_1", "type": "account", "url": "/v2/core/accounts/acct_1"},
}  # fmt: skip
NO_EVENTS = [
    b"", b"[]", b'"x"', b"null", b"NaN", b"{", b"\xff\xfe", b"\x00", b"1" * 5000,
    b"[" * 100_000, b'{"a":' * 100_000, encoded(THIN), encoded({"object": "event"}),
    encoded(make_event(created=float("nan"))), encoded(make_event(created=float("inf"))),
    encoded(make_event(created=-1)), encoded(make_event(created=2**70)),
    encoded(make_event(created=True)), encoded(make_event(created="now")),
    encoded(make_event(id=None)), encoded(make_event(id="evt_\x00")),
    encoded(make_event(id=["evt_1"])), encoded(make_event(id="evt_" + "x" * 300)),
    encoded(make_event(data=None)), encoded(make_event(data={"object": []})),
    encoded(make_event(obj={"id": "sub_\ud800"})), encoded(make_event(obj={"id": 5})),
    encoded(make_event(api_version={})), encoded(make_event(type=None)),
]  # fmt: skip
BAD_SIGNATURES = [
    "", "t=,v1=", "t=1,v1=aa", "v1=aa", "t=²,v1=aa", "t=1", "nonsense", "t=" + "9" * 400,
    "t=1.5,v1=aa", "=,=,=", "v1=" + "a" * 9000, "t=-1,v1=aa", "t=1e9,v1=ff",
]  # fmt: skip
# seconds from now, and what a signature made then is answered
AGES = ((-290, 200), (-310, 400), (290, 200), (310, 400))


def deliver(client: FlaskClient, body: bytes, signature: str | None = None) -> TestResponse:
    headers = {"Stripe-Signature": signed(body) if signature is None else signature}
    return client.post(PATH, data=body, headers=headers, content_type="application/json")


def kept(app: Flask) -> list[StripeEvent]:
    house: House = app.extensions["house"]
    with house.db.reading() as session:
        return list(session.scalars(sa.select(StripeEvent).order_by(StripeEvent.id)))


def test_an_event_is_kept_whole_before_it_is_answered(app: Flask, client: Reader) -> None:
    body = encoded(make_event(id="evt_a"))

    answer = deliver(client, body)

    assert answer.status_code == 200
    [row] = kept(app)
    assert (row.event_id, row.state, row.object_id) == ("evt_a", "new", "sub_1")
    assert row.body.encode() == body


def test_the_same_event_again_is_answered_alike_and_kept_once(app: Flask, client: Reader) -> None:
    body = encoded(make_event())

    answers = [deliver(client, body).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert len(kept(app)) == 1


def test_eight_twins_at_once_are_one_row(app: Flask) -> None:
    body = encoded(make_event())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: deliver(app.test_client(), body).status_code, range(8)))

    assert answers == [200] * 8
    assert len(kept(app)) == 1


def test_an_unknown_type_is_kept_as_ignored(app: Flask, client: Reader) -> None:
    deliver(client, encoded(make_event("tomorrow.invented")))

    assert [row.state for row in kept(app)] == ["ignored"]


def test_another_version_of_the_api_is_kept(app: Flask, client: Reader) -> None:
    deliver(client, encoded(make_event(api_version="2022-11-15")))
    deliver(client, encoded(make_event(api_version=None)))

    assert [row.api_version for row in kept(app)] == ["2022-11-15", None]


def test_an_object_without_an_id_is_kept(app: Flask, client: Reader) -> None:
    deliver(client, encoded(make_event("invoice.upcoming", {"object": "invoice"})))

    assert [row.object_id for row in kept(app)] == [""]


def test_a_signed_body_that_is_no_event_is_refused(app: Flask, client: Reader) -> None:
    for body in NO_EVENTS:
        answer = deliver(client, body)

        assert answer.status_code == 400, body[:60]
        assert answer.content_type == "application/problem+json"
        assert "signed, and is no event" in answer.text, body[:60]
    assert kept(app) == []


def test_a_bad_signature_is_refused(app: Flask, client: Reader) -> None:
    for signature in BAD_SIGNATURES:
        assert deliver(client, encoded(make_event()), signature).status_code == 400, signature
    assert kept(app) == []


def test_a_signature_with_other_bytes_than_ascii_is_refused(app: Flask) -> None:
    body = encoded(make_event())
    header = signed(body) + ",v1=\u00e9\u00ff"

    answer = app.test_client().post(PATH, data=body, headers={"Stripe-Signature": header})

    assert answer.status_code == 400


def test_a_missing_signature_is_refused(client: Reader) -> None:
    assert client.post(PATH, data=encoded(make_event())).status_code == 400


def test_a_changed_body_is_refused(client: Reader) -> None:
    body = encoded(make_event())

    assert deliver(client, body + b" ", signed(body)).status_code == 400


def test_a_signature_counts_for_five_minutes_around_now(client: Reader) -> None:
    body = encoded(make_event())
    for seconds, status in AGES:
        signature = signed(body, at=wall_clock().timestamp() + seconds)

        assert deliver(client, body, signature).status_code == status, seconds


def test_while_secrets_are_rolled_both_are_good(app: Flask) -> None:
    house: House = app.extensions["house"]
    both = house.settings.model_copy(update={"stripe_webhook_secret": ("whsec_new", "whsec_old")})
    app.extensions["house"] = replace(house, settings=both)
    body = encoded(make_event())

    def answer(secret: str) -> int:
        return deliver(app.test_client(), body, signed(body, secret=secret)).status_code

    assert [answer("whsec_new"), answer("whsec_old"), answer("whsec_test")] == [200, 200, 400]


def test_one_good_signature_among_several_is_enough(client: Reader) -> None:
    body = encoded(make_event())
    timestamp, good = signed(body).split(",")

    assert deliver(client, body, f"{timestamp},v1=00,{good},v0=11").status_code == 200


def test_more_than_a_megabyte_is_refused_unread(app: Flask, client: Reader) -> None:
    body = encoded(make_event(padding="x" * 1024 * 1024))

    assert deliver(client, body).status_code == 413
    assert kept(app) == []


def test_an_event_in_order_is_kept_before_any_hook_or_view(
    app: Flask, client: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []
    hooks = {None: [lambda: reached.append("Flask"), *app.before_request_funcs[None]]}
    monkeypatch.setattr(app, "before_request_funcs", hooks)
    unsigned = {"Stripe-Signature": ""}

    good = deliver(client, encoded(make_event()))
    bad = deliver(client, encoded(make_event()), "t=1,v1=aa")
    giant = deliver(client, encoded(make_event(padding="x" * 300_000)))
    endless = client.post(PATH, input_stream=BytesIO(b"{}"), headers=unsigned)

    assert (good.status_code, good.data) == (200, b"")
    assert bad.status_code == 400
    assert giant.status_code == 200, "larger than usual, and an event all the same"
    assert endless.status_code == 400
    assert reached == ["Flask"] * 3


def test_a_database_that_is_away_is_told_to_stripe(
    app: Flask, client: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_body: bytes, _signature: str) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(app, "wsgi_app", Intake(app.wsgi_app, away))

    answer = deliver(client, encoded(make_event()))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert kept(app) == []


def test_keeping_an_event_takes_one_statement_and_loads_nobody(app: Flask, client: Reader) -> None:
    with statements(app.extensions["house"].db) as written:
        client.set_cookie("session", "eyJfdXNlcl9pZCI6IngifQ.bad.signature")
        deliver(client, encoded(make_event()))

    assert len(written) == 1
    assert written[0].startswith("INSERT INTO stripe_event")
