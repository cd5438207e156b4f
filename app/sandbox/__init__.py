"""A small Stripe of our own, for rehearsal and tests; it speaks HTTP and shares no code with us.

In process
==========
``sandbox = create_sandbox(path, seed=0, sender=..., real_time=..., public_url=...)``; then
``sandbox.wsgi`` is the WSGI app with everything below. ``sender(url, headers, body) -> status``
takes the place of HTTP deliveries. The account's key is any ``sk_test_…``.

=============================================  ================================================
``now()``, ``clock()``                         seconds; {now, frozen, next_due}
``advance(seconds=)``, ``advance(to=)``        time passes; what comes due happens in order, with
                                               ``created`` at its own instant
``freeze(unix)``                               time stands; back only while the sandbox is empty
``resume()``                                   time runs: real time, or from where it stands if
                                               that is later
``tick()``                                     what has come due by now happens
``deliver(limit=, workers=)``                  tick, then send what is due:
                                               {sent, delivered, failed, waiting}
``deliveries()``, ``resend(event)``            {states, newest}; deliver an event again
``add_endpoint(url, secret, enabled_events,    an endpoint with a secret known beforehand; the same
api_version=None, alone=False)``               url is replaced, or with ``alone`` every other
``pay(session, card, name=, email=,            pays a Checkout session as its page does; answers a
country=, outcome=, after_first=)``            challenge with outcome pass (default), fail, leave.
                                               {kind, message, redirect_url, session, customer,
                                               subscription, invoice, payment_intent}; kind is
                                               paid, pending, declined or challenge.
                                               ``after_first="insufficient_funds"`` (or another
                                               decline code): the card pays once and is refused
                                               from then on
``confirm_challenge(session, passed)``         answers a challenge that was left
``behave(target, outcome)``                    from now on a payment method, or all of a customer's,
                                               "pays" or is refused by this decline code
``replace_method(customer, card,               the customer changes to another card everywhere;
pay_open=False)``                              pay_open collects what waits
``refund(charge, amount=None)``                as a person on the dashboard does
``knobs(**changes)``                           see ``app.sandbox.knobs.Knobs``: duplicate, reorder,
                                               order ("A"|"B"), delay, drop, old_version,
                                               same_second, paused, seed, retry_days, after_retries,
                                               settlement (a currency that all charges settle in)
``fault(kind, path="/v1/", requests=1,         the next requests go wrong: silent, slow, refuse,
seconds=0, method=None)``, ``clear_faults()``  429, 500, 503, 500_stored, html200, half_json,
                                               cut_after_execution
``counts(reset=False)``                        {reads, writes, routes: {"GET /v1/…/{id}": n}}
``books()``                                    per currency of the balance: charges, refunds, fees,
                                               net; per currency of the charge: unbooked
``reset()``, ``close()``
=============================================  ================================================

Errors are ``app.sandbox.errors.RequestFailed`` (message, status, code, param).

Over HTTP
=========
The same under ``/sandbox/control/``, as JSON, with the header ``X-Sandbox-Control: 1``:

GET  ``clock  deliveries  counts  books  knobs``;
POST ``clock`` ({"advance": s} | {"to": unix} | {"freeze": unix} | {"resume": true}),
``reset``, ``endpoints`` ({url, secret, enabled_events, api_version?, alone?}), ``pay``
({session, card, name?, email?, outcome?, after_first?, …}), ``challenge`` ({session, passed}),
``method`` ({customer, card, pay_open?}), ``behave`` ({target, outcome}), ``refund`` ({charge,
amount?}), ``knobs``, ``deliver`` ({limit?, workers?}), ``resend`` ({event}), ``counts``
({reset: true}), ``faults`` ({kind, path?, requests?, seconds?, method?} | {clear: true}).

``serve(sandbox, port=)`` gives a running ``Server`` (``url``, ``port``, ``stop()``) on loopback,
which moves the clock and delivers by itself, what a move by hand caused half a second after it;
``python -m app.sandbox --port N --path FILE``.

Numbers to pay with: ``app.sandbox.cards``. 4242 4242 4242 4242 pays, 4000 0025 0000 3155 asks for
3-D Secure once, 4000 0000 0000 9995 has no funds, 4000 0000 0000 0341 attaches and is refused;
DE89 3704 0044 0532 0130 00 pays three days later, DE62 3704 0044 0532 0130 01 is refused then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.sandbox.acting import Account
from app.sandbox.delivering import Sender
from app.sandbox.sandbox import Sandbox
from app.sandbox.serving import Server, WebApp

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Sandbox", "Server", "create_sandbox", "serve"]


class WiredSandbox(Sandbox):
    """A sandbox with its WSGI app."""

    wsgi: WSGIApplication


def create_sandbox(
    path: str | Path,
    *,
    seed: int = 0,
    api_version: str = "2026-10-28.endive",
    sender: Sender | None = None,
    real_time: Callable[[], float] = time.time,
    public_url: str = "http://127.0.0.1:8001",
) -> WiredSandbox:
    """Open the sandbox in this file, or begin a new one; ":memory:" keeps nothing."""
    account = Account(seed=seed, api_version=api_version, public_url=public_url.rstrip("/"))
    sandbox = WiredSandbox(path, account=account, sender=sender, real_time=real_time)
    sandbox.wsgi = WebApp(sandbox)
    return sandbox


def serve(
    sandbox: Sandbox,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    app: WSGIApplication | None = None,
) -> Server:
    """Serve it on loopback, in the background; raises ValueError for any other address.

    ``app`` takes the place of the sandbox's own app: a layer around it that watches the traffic.
    """
    server = Server(sandbox, host=host, port=port, app=app)
    server.start()
    return server
