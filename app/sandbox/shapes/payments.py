"""Payment intents, charges, balance transactions and refunds."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.cards import Instrument, Refusal
from app.sandbox.converting import Settled, settled
from app.sandbox.currencies import conversion_fee_of, fee_of
from app.sandbox.errors import Json

TWO_DAYS = 172_800


def payment_intent(
    act: Act, *, amount: int, currency: str, customer: str | None, types: list[str], **given: object
) -> Json:
    """The intention to collect an amount, before anything was tried."""
    intent_id = act.new_id("pi_3")
    options: Json = {}
    for kind in types:
        options[kind] = (
            {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
            if kind == "card"
            else {}
        )
    base: Json = {
        "id": intent_id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{intent_id}_secret_{act.new_id('', 25)}",
        "confirmation_method": "automatic",
        "created": act.now,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "hooks": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_details": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": options,
        "payment_method_types": types,
        "payment_record": None,
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    return base | given


def charge(act: Act, intent: Json, method: Json, instrument: Instrument) -> Json:
    """One try to collect an intent; it has succeeded until someone says otherwise.

    It names no invoice, and its balance transaction comes later.
    """
    charge_id = act.new_id("ch_3" if method["type"] == "card" else "py_3")
    return {
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": act.account.name.upper()[:22],
        "captured": True,
        "created": act.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": _outcome(),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(intent, method, instrument),
        "presentment_details": None,
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": f"{act.account.public_url}/sandbox/?charge={charge_id}#payments",
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
    }


def refused(charge: Json, refusal: Refusal) -> Json:
    """The charge as one that did not go through."""
    charge |= {
        "amount_captured": 0,
        "captured": False,
        "failure_code": refusal.code,
        "failure_message": refusal.message,
        "outcome": _outcome(refusal),
        "paid": False,
        "receipt_url": None,
        "status": "failed",
    }
    return charge


def payment_error(charge: Json, method: Json, refusal: Refusal) -> Json:
    """What a payment intent keeps of the last refusal."""
    error: Json = {
        "advice_code": refusal.advice_code,
        "charge": charge["id"],
        "code": refusal.code,
        "decline_code": refusal.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{refusal.code.replace('_', '-')}",
        "message": refusal.message,
        "network_advice_code": None,
        "network_decline_code": None,
        "param": None,
        "payment_method": method,
        "type": "card_error" if method["type"] == "card" else "invalid_request_error",
    }
    return {key: value for key, value in error.items() if value is not None}


def balance_transaction(act: Act, source: Json, *, amount: int, into: str, fee: bool) -> Json:
    """A movement of the balance: a charge with its fee, or a refund without one.

    ``amount`` is in the currency of the source; the movement is in ``into``, at today's rate.
    """
    moved = settled(amount, source["currency"], into=into, at=act.now, seed=act.account.seed)
    fees = _fee_details(moved) if fee else []
    cost = sum(one["amount"] for one in fees)
    bank = source["id"].startswith("py") or source.get("charge", "").startswith("py")
    kind = ("payment" if bank else "charge") if fee else ("payment_refund" if bank else "refund")
    return {
        "id": act.new_id("txn_1" if fee else "txn_3"),
        "object": "balance_transaction",
        "amount": moved.amount,
        "available_on": act.now + TWO_DAYS,
        "balance_type": "payments",
        "created": act.now,
        "currency": moved.currency,
        "description": source.get("description"),
        "exchange_rate": None if moved.rate is None else float(moved.rate),
        "fee": cost,
        "fee_details": fees,
        "net": moved.amount - cost,
        "reporting_category": "charge" if fee else "refund",
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }


def refund(act: Act, charge: Json, *, amount: int, **given: object) -> Json:
    """Money that goes back, whole or in part."""
    card = charge["payment_method_details"]["type"] == "card"
    details: Json = {"type": "card" if card else "sepa_debit"}
    if card:
        details["card"] = {
            "reference": None,
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        }
    base: Json = {
        "id": act.new_id("re_3" if card else "pyr_1"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": act.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "description": None,
        "destination_details": details if card else None,
        "failure_balance_transaction": None,
        "failure_reason": None,
        "instructions_email": None,
        "metadata": {},
        "next_action": None,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    return base | given


def _fee_details(moved: Settled) -> list[Json]:
    parts = [("Stripe processing fees", fee_of(moved.amount, moved.currency))]
    if moved.rate is not None:
        parts.append(("Stripe currency conversion fee", conversion_fee_of(moved.amount)))
    return [
        {
            "amount": cost,
            "application": None,
            "currency": moved.currency,
            "description": description,
            "type": "stripe_fee",
        }
        for description, cost in parts
        if cost
    ]


def _outcome(refusal: Refusal | None = None) -> Json:
    fine = refusal is None
    return {
        "advice_code": refusal.advice_code if refusal else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network" if fine else "declined_by_network",
        "reason": (refusal.decline_code or refusal.code) if refusal else None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "Payment complete." if fine else "The bank returned a decline.",
        "type": "authorized" if fine else "issuer_declined",
    }


def _details(intent: Json, method: Json, instrument: Instrument) -> Json:
    if method["type"] != "card":
        bank = method[method["type"]]
        return {
            "type": method["type"],
            method["type"]: {
                "bank_code": bank["bank_code"],
                "branch_code": None,
                "country": bank["country"],
                "expected_debit_date": None,
                "fingerprint": bank["fingerprint"],
                "last4": bank["last4"],
                "mandate": None,
            },
        }
    card = method["card"]
    return {"type": "card", "card": _card_details(intent, card, instrument)}


def _card_details(intent: Json, card: Json, instrument: Instrument) -> Json:
    secured = instrument.outcome == "challenge"
    return {
        "amount_authorized": intent["amount"],
        "authorization_code": "123456",
        "brand": card["brand"],
        "checks": card["checks"],
        "country": card["country"],
        "exp_month": card["exp_month"],
        "exp_year": card["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": card["fingerprint"],
        "funding": card["funding"],
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": _three_d_secure() if secured else None,
        "transaction_link_id": None,
        "wallet": None,
    }


def _three_d_secure() -> Json:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }
