from __future__ import annotations

import socket
import time
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests
import stripe
from werkzeug.serving import make_server
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from app.sandbox import create_sandbox, serve
from app.sandbox.errors import RequestFailed
from app.sandbox.sending import send
from tests.sandbox.inprocess import ADDRESS, stripe_client

if TYPE_CHECKING:
    from pathlib import Path

    from app.sandbox import WiredSandbox
    from tests.sandbox.shopping import Shop

HEADER = {"X-Sandbox-Control": "1"}


def tell(sandbox: WiredSandbox, name: str, body: Any = None, **headers: str) -> Any:
    client = Client(sandbox.wsgi)
    path = f"/sandbox/control/{name}"
    given = HEADER | headers
    if body is None:
        return client.get(path, base_url=ADDRESS, headers=given)
    return client.post(path, base_url=ADDRESS, headers=given, json=body)


def test_the_whole_way_over_http(shop: Shop, sandbox: WiredSandbox) -> None:
    session = shop.session()
    paid = tell(sandbox, "pay", {"session": session.id, "card": "4242 4242 4242 4242"}).json
    assert paid["kind"] == "paid"
    assert tell(sandbox, "deliver", {}).json["delivered"] > 10

    now = tell(sandbox, "clock").json["now"]
    moved = tell(sandbox, "clock", {"advance": 29 * 86_400}).json
    assert moved["now"] == now + 29 * 86_400
    assert moved["happened"] >= 3
    assert tell(sandbox, "books").json["eur"]["charges_count"] == 2
    failed = tell(sandbox, "behave", {"target": paid["customer"], "outcome": "lost_card"})
    assert failed.status_code == 200
    assert tell(sandbox, "knobs", {"duplicate": 2}).json["duplicate"] == 2
    assert tell(sandbox, "deliveries").json["states"]["waiting"] > 0
    assert tell(sandbox, "counts", {"reset": True}).json["writes"] == 2
    assert tell(sandbox, "counts").json["writes"] == 0
    assert tell(sandbox, "reset", {}).json["frozen"] is False
    assert tell(sandbox, "books").json == {}


def test_without_the_header_nothing_is_told(sandbox: WiredSandbox) -> None:
    answer = tell(sandbox, "reset", {}, **{"X-Sandbox-Control": ""})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("clock", {}),
        ("clock", {"advance": "x"}),
        ("clock", {"advance": -5}),
        ("clock", {"to": 9_999_999_999}),
        ("pay", {}),
        ("pay", {"session": "cs_none", "card": "4242424242424242"}),
        ("pay", {"session": "cs_none", "card": "4242424242424242", "colour": "red"}),
        ("knobs", {"colour": "red"}),
        ("faults", {"kind": "earthquake"}),
        ("nothing", {}),
        ("resend", {"event": "evt_none"}),
        ("endpoints", {"url": "x", "secret": "s", "enabled_events": ["*"]}),
        ("endpoints", {"url": ADDRESS, "secret": "", "enabled_events": ["*"]}),
        ("knobs", ["list"]),
    ],
)
def test_a_control_that_is_not_understood_is_refused(
    name: str, body: Any, sandbox: WiredSandbox
) -> None:
    answer = tell(sandbox, name, body)

    assert answer.status_code in (400, 404)
    assert answer.json["error"]["message"]


def test_the_clock_goes_back_only_while_the_sandbox_is_empty(tmp_path: Path) -> None:
    sandbox = create_sandbox(tmp_path / "s.db")
    sandbox.freeze(1_700_000_000)
    assert sandbox.now() == 1_700_000_000
    sandbox.freeze(1_600_000_000)
    stripe_client(sandbox.wsgi).v1.customers.create({})

    with pytest.raises(RequestFailed):
        sandbox.freeze(1_500_000_000)
    with pytest.raises(RequestFailed):
        sandbox.advance(to=1_500_000_000)
    sandbox.close()


def test_a_running_clock_is_real_time_and_what_was_added(tmp_path: Path) -> None:
    real = [1_700_000_000.0]
    sandbox = create_sandbox(tmp_path / "s.db", real_time=lambda: real[0])
    assert sandbox.now() == 1_700_000_000
    sandbox.advance(seconds=3600)
    real[0] += 10

    assert sandbox.now() == 1_700_003_610
    sandbox.freeze(1_700_003_700)
    real[0] += 500
    assert sandbox.clock()["frozen"] is True
    assert sandbox.now() == 1_700_003_700
    sandbox.resume()
    real[0] += 5
    assert sandbox.now() == 1_700_003_705
    sandbox.close()


def test_a_clock_that_stood_in_the_past_resumes_at_real_time(tmp_path: Path) -> None:
    sandbox = create_sandbox(tmp_path / "s.db", real_time=lambda: 1_800_000_000.0)
    sandbox.freeze(1_700_000_000)
    sandbox.resume()

    stands = {"now": 1_800_000_000, "exact": 1_800_000_000.0, "frozen": False, "next_due": None}
    assert sandbox.clock() == stands
    sandbox.close()


def test_nothing_but_loopback_is_served_or_told(sandbox: WiredSandbox) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        serve(sandbox, host="0.0.0.0")
    foreign = Client(sandbox.wsgi).get("/v1/customers", base_url="http://evil.example")
    assert foreign.status_code == 421
    assert send("http://192.0.2.1/hook", {}, b"{}") == 0
    assert send("https://localhost/hook", {}, b"{}") == 0


def test_a_taken_port_is_an_error_that_can_be_told(sandbox: WiredSandbox) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
    ):
        serve(sandbox, port=taken.getsockname()[1])


class Hook:
    """An endpoint on a port of its own that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.server = make_server("127.0.0.1", 0, Request.application(self.keep), threaded=True)
        Thread(target=self.server.serve_forever, daemon=True).start()

    def keep(self, request: Request) -> Response:
        """Keep it."""
        self.got.append(request.get_data())
        return Response("ok")


def test_a_served_sandbox_answers_and_delivers_by_itself(tmp_path: Path) -> None:
    hook = Hook()
    sandbox = create_sandbox(tmp_path / "s.db")
    server = serve(sandbox)
    try:
        requests.post(
            f"{server.url}/sandbox/control/endpoints",
            json={
                "url": f"http://127.0.0.1:{hook.server.server_port}/",
                "secret": "whsec_x",
                "enabled_events": ["customer.created"],
            },
            headers=HEADER,
            timeout=5,
        ).raise_for_status()
        client = stripe.StripeClient(
            "sk_test_x",
            base_addresses={"api": server.url},
            http_client=stripe.RequestsClient(timeout=5),
        )
        made = client.v1.customers.create({"name": "Ann"})
        deadline = time.monotonic() + 5
        while not hook.got and time.monotonic() < deadline:
            time.sleep(0.02)
        assert made.id.encode() in hook.got[0]
        sandbox.fault("cut_after_execution", path="/v1/customers")
        start = time.monotonic()
        with pytest.raises(stripe.APIConnectionError):
            client.v1.customers.create({})
        assert time.monotonic() - start < 3
        assert len(client.v1.customers.list().data) == 2
    finally:
        server.stop()
        hook.server.shutdown()
        hook.server.server_close()
        sandbox.close()


def test_what_a_move_by_hand_causes_is_told_once_all_know_the_time(tmp_path: Path) -> None:
    told: list[tuple[bytes, bool]] = []

    def hear(url: str, headers: dict[str, str], body: bytes) -> int:
        told.append((body, sandbox.is_seen))
        return 200

    sandbox = create_sandbox(tmp_path / "s.db", sender=hear)
    sandbox.add_endpoint("http://localhost:1/hook", "whsec_x", ["checkout.session.expired"])
    stripe_client(sandbox.wsgi).v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {
                    "price_data": {
                        "currency": "eur",
                        "unit_amount": 500,
                        "product_data": {"name": "Coffee"},
                    },
                    "quantity": 1,
                }
            ],
            "success_url": "http://localhost:1/thanks",
        }
    )
    server = serve(sandbox)
    try:
        sandbox.advance(seconds=2 * 86_400)
        assert not sandbox.is_seen
        deadline = time.monotonic() + 5
        while not told and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        server.stop()
        sandbox.close()

    assert [seen for _, seen in told] == [True]
