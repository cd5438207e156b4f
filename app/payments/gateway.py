"""The one place that speaks with Stripe. It gives plain dictionaries, and two errors with words.

Every call is bounded in time, carries our version of the API, and every write the idempotency
key that its caller stored before: a call whose answer was lost is made again with the same key
and is still one object at Stripe. Amounts are minor units, currencies upper case outside of here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
import stripe
import structlog

from app.core.errors import AppError, Unavailable
from app.core.i18n import Lazy
from app.core.i18n import lazy_gettext as _l
from app.core.settings import Settings
from app.payments.patience import WEB, WORKER, Patience, TookTooLong, within

API_VERSION = "2026-10-28.endive"
REF = "patron_desk_ref"
PAGE = 100
PATHS = {
    "balance_transaction": "balance_transactions",
    "charge": "charges",
    "checkout.session": "checkout/sessions",
    "event": "events",
    "invoice": "invoices",
    "invoice_payment": "invoice_payments",
    "payment_intent": "payment_intents",
    "refund": "refunds",
    "subscription": "subscriptions",
    "webhook_endpoint": "webhook_endpoints",
}
LOCALES = {"en": "en"}  # Stripe's own pages know no Ukrainian: "auto"
IN_USE = "idempotency_key_in_use"  # the same is being asked this moment: no answer yet
ID = re.compile(r"[A-Za-z0-9_]{1,255}")
Json = dict[str, Any]
log = structlog.get_logger()
stripe.enable_telemetry = False  # it would write an id into the home folder and send it


class StripeUnavailable(Unavailable):
    """No answer, or none that can be read; whether the call was executed is not known."""

    message = _l("We could not reach Stripe just now. Your choice is kept; try again in a minute.")

    @property
    def was_answered(self) -> bool:
        """Whether Stripe said 5xx itself: it keeps that answer for the key, so the key is spent."""
        status = getattr(self.__cause__, "http_status", None)
        return isinstance(status, int) and status >= 500


class StripeRefused(AppError):
    """Stripe understood and said no; nothing was done. ``code`` is Stripe's word for it."""

    status = 409
    title = _l("Stripe did not accept this")
    message = _l("Nothing was charged and nothing was changed. Look again, then decide.")

    def __init__(self, message: Lazy | None = None, *, status: int = 409, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class NoObject(Exception):
    """An answer with status 200 that is none."""


class Gateway:
    """Stripe's API as the product uses it; ``patience`` is "web" (12 s at most) or "worker"."""

    def __init__(
        self,
        settings: Settings,
        *,
        http_client: stripe.HTTPClient | None = None,
        patience: Literal["web", "worker"] = "web",
    ) -> None:
        self._patience = WEB if patience == "web" else WORKER
        self._in_process = http_client is not None  # such a peer needs no thread to be left alone
        self._client = stripe.StripeClient(
            settings.stripe_secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": settings.stripe_api_base},
            http_client=http_client or _http_client(settings, self._patience),
            max_network_retries=self._patience.retries,
        )

    def create_checkout(
        self,
        *,
        key: str,
        ref: str,
        mode: Literal["subscription", "payment"],
        currency: str,
        total: int,
        interval: str | None,
        product_name: str,
        email: str | None,
        language: str,
        submit_text: str,
        success_url: str,
        cancel_url: str,
        expires_at: datetime,
    ) -> Json:
        """A page of Stripe's to pay on; its address is ``url``, until it is paid or expires.

        ``expires_at`` lies 30 minutes to 24 hours ahead of Stripe's clock.
        """
        bought = _bought(mode, ref, currency, total, interval, product_name)
        params: Any = bought | {
            "locale": LOCALES.get(language, "auto"),
            "custom_text": {"submit": {"message": submit_text}},
            "adaptive_pricing": {"enabled": False},  # the reader chose the currency with us
            "success_url": success_url,
            "cancel_url": cancel_url,
            "expires_at": int(expires_at.timestamp()),
        }
        if email:
            params["customer_email"] = email
        sessions = self._client.v1.checkout.sessions
        return self._spoken(lambda: sessions.create(params, {"idempotency_key": key}))

    def change_amount(
        self,
        *,
        key: str,
        subscription_id: str,
        item_id: str,
        product_id: str,
        currency: str,
        interval: str,
        total: int,
    ) -> Json:
        """Another amount from the next charge on; nothing is charged or given back now."""
        item = _item(item_id, product_id, currency, interval, total)
        params: Any = {"items": [item], "proration_behavior": "none"}
        update = self._client.v1.subscriptions.update
        return self._spoken(lambda: update(subscription_id, params, {"idempotency_key": key}))

    def stop_at_period_end(self, *, key: str, subscription_id: str, stop: bool) -> Json:
        """Let the subscription end with the paid period, or take that back."""
        update = self._client.v1.subscriptions.update
        params: Any = {"cancel_at_period_end": stop}
        return self._spoken(lambda: update(subscription_id, params, {"idempotency_key": key}))

    def cancel_now(self, *, key: str, subscription_id: str) -> Json:
        """End the subscription at once; one that is ended already is no error."""
        cancel = self._client.v1.subscriptions.cancel
        try:
            return self._spoken(lambda: cancel(subscription_id, {}, {"idempotency_key": key}))
        except StripeRefused:
            found = self.retrieve("subscription", subscription_id)
            if found is None or found["status"] not in ("canceled", "incomplete_expired"):
                raise
            return found

    def expire_checkout(self, checkout_id: str) -> None:
        """Close a page to pay on; one that is paid or over already is no error."""
        expire = self._client.v1.checkout.sessions.expire
        try:
            self._spoken(lambda: expire(checkout_id))
        except StripeRefused:
            found = self.retrieve("checkout.session", checkout_id)
            if found is not None and found["status"] == "open":
                raise

    def delete_customer(self, customer_id: str) -> None:
        """Let Stripe forget a person; what still runs for them ends. Twice is no error."""
        delete = self._client.v1.customers.delete
        try:
            self._spoken(lambda: delete(customer_id))
        except StripeRefused as error:
            if error.code != "resource_missing":
                raise

    def refund(
        self,
        *,
        key: str,
        charge_id: str | None = None,
        payment_intent_id: str | None = None,
        amount: int | None = None,
        reason: str | None = None,
    ) -> Json:
        """Give money back: all that is left of it, or ``amount``. The charge comes expanded.

        The key stands in the metadata too: after a day Stripe knows it there only.
        """
        params: Any = {"expand": ["charge"], "metadata": {"request": key}}
        params |= {"charge": charge_id} if charge_id else {"payment_intent": payment_intent_id}
        if amount is not None:
            params["amount"] = amount
        if reason is not None:
            params["reason"] = reason
        create = self._client.v1.refunds.create
        return self._spoken(lambda: create(params, {"idempotency_key": key}))

    def retrieve(self, kind: str, object_id: str, expand: Sequence[str] = ()) -> Json | None:
        """An object as Stripe has it now; None where Stripe knows none with this id."""
        if not ID.fullmatch(object_id):  # it may come from an address that somebody typed
            return None
        given: Json = {"expand": list(expand)} if expand else {}
        try:
            return self._read(f"/v1/{PATHS[kind]}/{object_id}", given)
        except StripeRefused as error:
            if error.code == "resource_missing":
                return None
            raise

    def pages(self, kind: str, **params: Any) -> Iterator[list[Json]]:
        """A list of Stripe's, newest first, a hundred at a time, until the caller has enough."""
        path = f"/v1/{PATHS[kind]}"
        given = {"limit": PAGE, **params}
        while True:
            page = self._read(path, given)
            rows: list[Json] = page["data"]
            if rows:
                yield rows
            if not (rows and page["has_more"]):
                return
            given["starting_after"] = rows[-1]["id"]

    def ensure_webhook_endpoint(self, url: str, events: Sequence[str]) -> Json:
        """The endpoint at Stripe that tells us of these events, in our version of the API.

        It has ``secret`` only when it was made just now. One of another version cannot be
        changed: it is switched off, and a new one is made.
        """
        endpoints = self._client.v1.webhook_endpoints
        for page in self.pages("webhook_endpoint"):
            for found in page:
                if found["url"] != url or found["status"] != "enabled":
                    continue
                if found["api_version"] == API_VERSION:
                    changed: Any = {"enabled_events": list(events)}
                    return self._spoken(lambda: endpoints.update(found["id"], changed))  # noqa: B023
                off: Any = {"disabled": True}
                self._spoken(lambda: endpoints.update(found["id"], off))  # noqa: B023
        params: Any = {"url": url, "enabled_events": list(events), "api_version": API_VERSION}
        return self._spoken(lambda: endpoints.create(params))

    def _read(self, path: str, params: Mapping[str, Any]) -> Json:
        """A GET without the SDK's objects: lists of hundreds are read to be copied, not used."""

        def call() -> object:
            answer: Any = self._client.raw_request("get", path, **params)
            return answer.data

        return self._spoken(call)

    def _spoken(self, call: Callable[[], object]) -> Json:
        """Speak with Stripe, and put what went wrong into our two errors."""
        try:
            return _plain(call() if self._in_process else within(self._patience.whole, call))
        except stripe.CardError as error:
            declined = getattr(error.error, "decline_code", None)
            raise StripeRefused(
                _l("The bank did not allow this payment. Nothing was charged."),
                status=402,
                code=declined or error.code or "",
            ) from error
        except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            if error.code == IN_USE:
                raise StripeUnavailable(retry_after=60) from error
            log.warning("Stripe refused", code=error.code, reason=str(error.user_message)[:500])
            raise StripeRefused(code=error.code or "") from error
        except (stripe.StripeError, TookTooLong, NoObject) as error:
            log.error("Stripe unavailable", error=f"{type(error).__name__}: {error}"[:500])
            raise StripeUnavailable(retry_after=60) from error


def _plain(answer: object) -> Json:
    if isinstance(answer, stripe.StripeObject):
        answer = answer.to_dict(for_json=True)
    if not isinstance(answer, dict) or "object" not in answer:
        raise NoObject(f"no object of Stripe's in the answer: {answer!r:.100}")
    return answer


def _bought(
    mode: str, ref: str, currency: str, total: int, interval: str | None, product_name: str
) -> Json:
    """What a Checkout session sells, with our metadata on everything that will come of it."""
    meta = {REF: ref}
    price: Json = {
        "currency": currency.lower(),
        "unit_amount": total,
        "product_data": {"name": product_name},
    }
    bought: Json = {
        "mode": mode,
        "line_items": [{"price_data": price, "quantity": 1}],
        "client_reference_id": ref,
        "metadata": meta,
    }
    if mode == "subscription":
        price["recurring"] = {"interval": interval}
        return bought | {"subscription_data": {"metadata": meta}}
    return bought | {"payment_intent_data": {"metadata": meta}}


def _item(item_id: str, product_id: str, currency: str, interval: str, total: int) -> Json:
    return {
        "id": item_id,
        "price_data": {
            "currency": currency.lower(),
            "product": product_id,
            "recurring": {"interval": interval},
            "unit_amount": total,
        },
    }


def _http_client(settings: Settings, patience: Patience) -> stripe.HTTPClient:
    """One pool of connections for all threads; no proxy stands before a loopback sandbox."""
    session = requests.Session()
    session.trust_env = not (urlsplit(settings.stripe_api_base).hostname or "").startswith("127.")
    for scheme in ("https://", "http://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=32))
    return stripe.RequestsClient(timeout=(patience.connect, patience.read), session=session)
