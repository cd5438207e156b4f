"""The two orders in which the events of a first checkout really arrived.

What the records do not hold (a new customer, the paid invoice payment) stands where its neighbours
are.
"""

from __future__ import annotations

from app.sandbox.acting import Told

_A = (
    "customer.created charge.succeeded payment_method.attached invoice.created "
    "customer.subscription.created invoice.updated invoice.updated invoice.finalized "
    "customer.subscription.updated invoice.paid invoice_payment.paid invoice.updated "
    "invoice.payment_succeeded payment_intent.created payment_intent.succeeded "
    "checkout.session.completed"
)
_B = (
    "customer.created charge.succeeded checkout.session.completed invoice.created "
    "payment_method.attached invoice.updated invoice.updated customer.subscription.updated "
    "payment_intent.succeeded customer.subscription.created invoice.finalized invoice.paid "
    "invoice_payment.paid invoice.updated invoice.payment_succeeded payment_intent.created"
)
A, B = _A.split(), _B.split()


def arrange(told: list[Told], order: str | None) -> list[Told]:
    """The events of one act in the order in which they are to arrive.

    Only the events of a subscription's checkout were recorded; all others keep their order.
    """
    types = {one.type for one in told}
    if not {"checkout.session.completed", "customer.subscription.created"} <= types:
        return told
    places: dict[str, list[int]] = {}
    for place, name in enumerate(B if order == "B" else A):
        places.setdefault(name, []).append(place)
    keyed, last = [], -1.0
    for told_as, one in enumerate(told):
        left = places.get(one.type)
        last = float(left.pop(0)) if left else last + 0.01
        keyed.append((last, told_as, one))
    return [one for _, _, one in sorted(keyed, key=lambda entry: entry[:2])]
