"""Telling Stripe where our webhook is, for `flask stripe setup`."""

from __future__ import annotations

from app.payments.events import SUBSCRIBED
from app.payments.gateway import API_VERSION, Gateway

WEBHOOK = "/stripe/webhook"


def ensure_endpoint(gateway: Gateway, *, site_url: str) -> list[str]:
    """Make or mend the endpoint at Stripe; gives the lines to print, the secret among them.

    Stripe tells an endpoint's secret once, when it is made.
    """
    endpoint = gateway.ensure_webhook_endpoint(site_url + WEBHOOK, SUBSCRIBED)
    lines = [
        f"Stripe sends {len(SUBSCRIBED)} types of events to {endpoint['url']}",
        f"at API version {API_VERSION} (endpoint {endpoint['id']}).",
    ]
    secret = endpoint.get("secret")
    if secret:
        return [
            *lines,
            "Set this in the environment, then start again:",
            f"STRIPE_WEBHOOK_SECRET={secret}",
        ]
    return [*lines, "Its secret is the one that you have; Stripe's dashboard shows it."]
