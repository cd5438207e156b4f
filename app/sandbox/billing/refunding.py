"""Giving money back, whole or in part."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.billing import charging
from app.sandbox.currencies import check_step, spell
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.shapes import payments

REFERENCE_AFTER = 3  # seconds until the card network's reference is known


def refund(
    act: Act, charge: Json, *, amount: int | None, reason: str | None, metadata: Json
) -> Json:
    """Give back ``amount`` of a charge, or what is left of it; raises RequestFailed."""
    amount = _given_back(charge, amount)
    charging.settle(act, charge["id"])
    charge = act.get("charge", charge["id"])
    made = payments.refund(act, charge, amount=amount, reason=reason, metadata=metadata)
    taken = act.get("balance_transaction", charge["balance_transaction"])
    booked = payments.balance_transaction(
        act, made, amount=-amount, into=taken["currency"], fee=False
    )
    made["balance_transaction"] = booked["id"]
    act.add(booked)
    refunded = charge["amount_refunded"] + amount
    act.change(
        charge,
        "charge.refunded",
        amount_refunded=refunded,
        refunded=refunded == charge["amount"],
    )
    act.add(made, "refund.created")
    if made["destination_details"]:
        act.schedule(act.now + REFERENCE_AFTER, "refund_reference", made["id"])
    return made


def reference_known(act: Act, refund_id: str, payload: Json | None) -> None:
    """The card network names the refund, so that a payer can ask the bank for it."""
    made = act.get("refund", refund_id)
    details = made["destination_details"]
    card = details["card"] | {
        "reference": act.new_id("", 12).lower(), "reference_status": "available",
    }  # fmt: skip
    act.change(
        made,
        "refund.updated",
        "charge.refund.updated",
        destination_details=details | {"card": card},
    )


def _given_back(charge: Json, amount: int | None) -> int:
    """The amount, or what is left of the charge; raises RequestFailed where it cannot go back."""
    left = charge["amount"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise RequestFailed(
            f"Charge {charge['id']} has not succeeded and can not be refunded.", param="charge"
        )
    if left == 0:
        raise RequestFailed(
            f"Charge {charge['id']} has already been refunded.",
            code="charge_already_refunded",
        )
    amount = left if amount is None else amount
    if amount > left:
        raise RequestFailed(
            f"Refund amount ({spell(amount, charge['currency'])}) is greater than unrefunded "
            f"amount on charge ({spell(left, charge['currency'])})",
            param="amount",
        )
    check_step(amount, charge["currency"])
    return amount
