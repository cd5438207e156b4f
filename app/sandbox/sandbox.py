"""Everything that can be told to the sandbox, and asked of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

from app.sandbox import bookkeeping, delivering, faults, knobs, sending
from app.sandbox.acting import Account, Act
from app.sandbox.api import endpoints
from app.sandbox.billing import charging, checking_out, collecting, refunding
from app.sandbox.cards import recognise
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.machine import Machine
from app.sandbox.shapes import people


class Sandbox(Machine):
    """A small Stripe; see the docstring of ``app.sandbox`` for what each method does."""

    def __init__(
        self,
        path: str | Path,
        *,
        account: Account,
        sender: delivering.Sender | None = None,
        real_time: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(path, account=account, real_time=real_time)
        self.faults = faults.Faults()
        self._sender = sender or sending.send
        self._counting = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def deliver(self, *, limit: int | None = None, workers: int = 1) -> Json:
        """Send what is due now, each delivery at most once; returns what came of it."""
        self.tick()
        sent = arrived = 0
        with ThreadPoolExecutor(max_workers=workers) if workers > 1 else nullcontext() as pool:
            while limit is None or sent < limit:
                want = 50 if limit is None else min(50, limit - sent)
                with self.act() as act:
                    letters = delivering.claim(act, want)
                if not letters:
                    break
                run = pool.map if pool else map
                arrived += sum(run(self._send, letters))
                sent += len(letters)
        with self.act() as act:
            waiting = act.db.execute(
                "SELECT count(*) FROM delivery WHERE status = 'waiting'"
            ).fetchone()[0]
        return {"sent": sent, "delivered": arrived, "failed": sent - arrived, "waiting": waiting}

    def deliveries(self, limit: int = 200) -> Json:
        """How many deliveries are in which state, and the newest of them."""
        with self.act() as act:
            return delivering.overview(act, limit)

    def resend(self, event: str) -> Json:
        """Deliver an event again."""
        with self.act() as act:
            count = delivering.resend(act, event)
        self.wake.set()
        return {"event": event, "endpoints": count}

    def add_endpoint(
        self,
        url: str,
        secret: str,
        enabled_events: list[str],
        api_version: str | None = None,
        *,
        alone: bool = False,
    ) -> Json:
        """An endpoint whose secret is known beforehand.

        It replaces one with the same address, or all where it is to be ``alone``.
        """
        with self.act() as act:
            for old in act.where("webhook_endpoint"):
                if alone or old["url"] == url:
                    act.delete(old)
            endpoint = endpoints.new(
                act,
                {
                    "url": url,
                    "enabled_events": enabled_events,
                    "api_version": api_version or act.account.api_version,
                },
            )
            return delivering.endpoint_with(act, endpoint, secret)

    # What a payer does

    def pay(self, session: str, card: str, *, outcome: str | None = None, **typed: object) -> Json:
        """Pay a Checkout session as the page does.

        ``typed``: name, email, country, exp_month, exp_year, after_first. ``outcome`` answers a
        3-D Secure challenge: None or "pass", "fail", or "leave" to let it wait.
        """
        if outcome not in (None, "pass", "fail", "leave"):
            raise RequestFailed("The outcome is pass, fail or leave.", param="outcome")
        try:
            entered = checking_out.Typed(card, **typed)  # type: ignore[arg-type]
        except TypeError as error:
            raise RequestFailed(f"Unknown field: {error}", param="pay") from error
        with self.act() as act:
            result = checking_out.pay(act, session, entered)
        if result.kind == "challenge" and outcome != "leave":
            with self.act() as act:
                result = checking_out.confirm_challenge(act, session, passed=outcome != "fail")
        with self.act() as act:
            return asdict(result) | _made(act, session)

    def confirm_challenge(self, session: str, passed: bool) -> Json:
        """Answer the 3-D Secure challenge of a session."""
        with self.act() as act:
            result = checking_out.confirm_challenge(act, session, passed=passed)
            return asdict(result) | _made(act, session)

    def replace_method(self, customer: str, card: str, *, pay_open: bool = False) -> Json:
        """The customer changes to another card for all subscriptions.

        With ``pay_open`` invoices that wait are collected at once.
        """
        with self.act() as act:
            person = act.get("customer", customer, param="customer")
            details = people.billing_details(email=person["email"], name=person["name"])
            method = charging.new_method(act, recognise(card), details)
            charging.attach(act, method, customer)
            for subscription in act.where("subscription", customer=customer):
                if subscription["status"] not in ("canceled", "incomplete_expired"):
                    act.change(
                        subscription,
                        "customer.subscription.updated",
                        default_payment_method=method["id"],
                    )
        if pay_open:
            with self.act() as act:
                for invoice in act.where("invoice", customer=customer, status="open"):
                    collecting.collect_waiting(act, invoice)
        return method

    def behave(self, target: str, outcome: str) -> Json:
        """From now on a payment method, or all of a customer's, pays or is refused so."""
        with self.act() as act:
            found = act.find(target)
            if found is None or found["object"] not in ("customer", "payment_method"):
                raise RequestFailed(f"No such customer or payment method: '{target}'")
            own = [found]
            if found["object"] == "customer":
                own = act.where("payment_method", customer=target)
            for method in own:
                charging.behave(act, method["id"], outcome)
        return {"payment_methods": [method["id"] for method in own], "outcome": outcome}

    def refund(self, charge: str, amount: int | None = None) -> Json:
        """Give money back, as a person on the dashboard does."""
        with self.act() as act:
            found = act.get("charge", charge, param="charge")
            return refunding.refund(act, found, amount=amount, reason=None, metadata={})

    # Order and disorder

    def knobs(self, **changes: object) -> Json:
        """Turn knobs; without any, says how they stand."""
        with self.act() as act:
            return asdict(knobs.turn(act.meta, changes) if changes else act.turned)

    def fault(
        self, kind: str, *, path: str = "/v1/", requests: int = 1, seconds: float = 0.0,
        method: str | None = None,
    ) -> Json:  # fmt: skip
        """Let the next requests under a path go wrong."""
        self.faults.add(faults.Fault(kind, path, requests, seconds, method))
        return {"faults": [asdict(one) for one in self.faults.left()]}

    def clear_faults(self) -> Json:
        """Let all go well from now on."""
        self.faults.clear()
        return {"faults": []}

    # What can be asked

    def count(self, method: str, route: str) -> None:
        """Count one request of the API."""
        with self._counting:
            self._counts[method, route] += 1

    def counts(self, *, reset: bool = False) -> Json:
        """Requests of the API since the last reset: reads, writes, and each by route."""
        with self._counting:
            counted = Counter(self._counts)
            if reset:
                self._counts.clear()
        reads = sum(number for (method, _), number in counted.items() if method == "GET")
        routes = {f"{method} {route}": number for (method, route), number in counted.items()}
        return {"reads": reads, "writes": counted.total() - reads, "routes": routes}

    def books(self) -> Json:
        """Per currency what was charged, refunded, kept as fee and left, in minor units."""
        with self.act() as act:
            return bookkeeping.books(act)

    def reset(self) -> Json:
        """Forget everything; the clock runs with real time."""
        with self._moving:
            self.store.wipe()
            self.faults.clear()
            self.counts(reset=True)
        return self.clock()

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    def _send(self, letter: delivering.Letter) -> bool:
        try:
            status = self._sender(letter.url, letter.headers(self.real_time()), letter.body)
        except OSError:
            status = 0
        with self.act() as act:
            return delivering.record(act, letter, status)


def _made(act: Act, session_id: str) -> Json:
    """The ids of what a session has led to."""
    session = act.get("checkout.session", session_id, status=404)
    names = ("customer", "subscription", "invoice", "payment_intent")
    return {"session": session_id} | {name: session[name] for name in names}
