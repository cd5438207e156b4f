"""What the tests buy: sessions for a coffee a month, a year, or once, and paying them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import stripe

    from app.sandbox import Sandbox

BACK = "http://localhost:8000/join/thanks?session_id={CHECKOUT_SESSION_ID}"
GOOD, SECURED, EMPTY = "4242424242424242", "4000002500003155", "4000000000009995"
DEBIT, BAD_DEBIT = "DE89370400440532013000", "DE62370400440532013001"


@dataclass
class Shop:
    """A product, and the sessions that sell it."""

    sandbox: Sandbox
    client: stripe.StripeClient
    product: str = field(init=False)

    def __post_init__(self) -> None:
        self.product = self.client.v1.products.create({"name": "Coffee"}).id

    def session(
        self,
        *,
        amount: int = 500,
        currency: str = "eur",
        interval: str | None = "month",
        **given: Any,
    ) -> stripe.checkout.Session:
        """An open session; ``interval`` None sells once."""
        data: dict[str, Any] = {
            "currency": currency,
            "product": self.product,
            "unit_amount": amount,
        }
        if interval is not None:
            data["recurring"] = {"interval": interval}
        params: Any = {
            "mode": "subscription" if interval else "payment",
            "line_items": [{"price_data": data, "quantity": 1}],
            "success_url": BACK,
            "customer_email": "ann@example.org",
        }
        return self.client.v1.checkout.sessions.create(params | given)

    def buy(self, card: str = GOOD, *, outcome: str | None = None, **given: Any) -> dict[str, Any]:
        """A session, and what came of paying it."""
        typed = {"name": "Ann", "after_first": given.pop("after_first", None)}
        session = self.session(**given)
        return self.sandbox.pay(session.id, card, outcome=outcome, **typed)

    def subscription(self, card: str = GOOD, **given: Any) -> stripe.Subscription:
        """The subscription that a paid session began."""
        return self.client.v1.subscriptions.retrieve(self.buy(card, **given)["subscription"])
