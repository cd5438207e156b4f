"""Invoices, their lines, what waits for the next one, and their payments."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.currencies import spell
from app.sandbox.errors import Json
from app.sandbox.shapes.subscriptions import NO_TAX


def invoice(
    act: Act,
    *,
    customer: Json,
    currency: str,
    reason: str,
    period: tuple[int, int],
    subscription: Json | None,
) -> Json:
    """A draft without lines; ``period`` is the invoice's own, not the service's."""
    return {
        "id": act.new_id("in_1"),
        "object": "invoice",
        "account_country": act.account.country,
        "account_name": act.account.name,
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": NO_TAX | {"provider": None, "status": None},
        "automatically_finalizes_at": None,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": act.now,
        "currency": currency,
        "custom_fields": None,
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": {"object": "list", "data": [], "has_more": False, "url": ""},
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": _parent(subscription),
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": period[1],
        "period_start": period[0],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_details": None,
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": None,
        "threshold_reason": None,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": None,
    }


def period_line(act: Act, invoice: Json, subscription: Json, item: Json, name: str) -> Json:
    """The line that bills an item for its current period."""
    price = item["price"]
    amount = price["unit_amount"] * item["quantity"]
    interval = price["recurring"]["interval"]
    return _line(
        act,
        invoice,
        amount=amount,
        description=(
            f"{item['quantity']} × {name} (at {spell(price['unit_amount'], price['currency'])}"
            f" / {interval})"
        ),
        price=price,
        quantity=item["quantity"],
        period=(item["current_period_start"], item["current_period_end"]),
        metadata=subscription["metadata"],
        parent={
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
    )


def proration_line(act: Act, invoice: Json, pending: Json) -> Json:
    """The line for a pending proration."""
    details = pending["parent"]["subscription_details"]
    return _line(
        act,
        invoice,
        amount=pending["amount"],
        description=pending["description"],
        price={
            "id": pending["pricing"]["price_details"]["price"],
            "product": pending["pricing"]["price_details"]["product"],
            "unit_amount_decimal": pending["pricing"]["unit_amount_decimal"],
        },
        quantity=pending["quantity"],
        period=(pending["period"]["start"], pending["period"]["end"]),
        metadata=pending["metadata"],
        parent={
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": pending["id"],
                "proration": True,
                "proration_details": {"credited_items": None},
                "subscription": details["subscription"],
                "subscription_item": details["subscription_item"],
            },
            "type": "subscription_item_details",
        },
    )


def proration(
    act: Act,
    subscription: Json,
    item: Json,
    price: Json,
    *,
    amount: int,
    period: tuple[int, int],
    description: str,
) -> Json:
    """An invoice item that waits for the next invoice; ``amount`` may be negative."""
    return {
        "id": act.new_id("ii_1"),
        "object": "invoiceitem",
        "amount": amount,
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "customer_account": None,
        "date": act.now,
        "description": description,
        "discountable": False,
        "discounts": [],
        "frozen_fields": None,
        "invoice": None,
        "invoicing_rules": None,
        "livemode": False,
        "metadata": subscription["metadata"],
        "net_amount": amount,
        "parent": {
            "subscription_details": {
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_details",
        },
        "period": {"end": period[1], "start": period[0]},
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": str(amount),
        },
        "proration": True,
        "proration_details": {"discount_amounts": []},
        "quantity": 1,
        "quantity_decimal": "1",
        "tax_rates": [],
        "test_clock": None,
    }


def invoice_payment(act: Act, invoice: Json, intent: Json) -> Json:
    """The link between an invoice and the payment intent that is to pay it."""
    return {
        "id": act.new_id("inpay_1"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "created": act.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def _parent(subscription: Json | None) -> Json | None:
    if subscription is None:
        return None
    return {
        "quote_details": None,
        "subscription_details": {
            "metadata": subscription["metadata"],
            "subscription": subscription["id"],
            "subscription_proration_date": None,
        },
        "type": "subscription_details",
    }


def _line(
    act: Act,
    invoice: Json,
    *,
    amount: int,
    description: str,
    price: Json,
    quantity: int,
    period: tuple[int, int],
    metadata: Json,
    parent: Json,
) -> Json:
    return {
        "id": act.new_id("il_1"),
        "object": "line_item",
        "amount": amount,
        "currency": invoice["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice["id"],
        "livemode": False,
        "metadata": metadata,
        "parent": parent,
        "period": {"end": period[1], "start": period[0]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": subscription_id(parent),
        "subtotal": amount,
        "taxes": [],
    }


def subscription_id(parent: Json) -> str | None:
    """The subscription that a line's parent names."""
    details = parent["subscription_item_details"] or parent["invoice_item_details"]
    found: str | None = details["subscription"]
    return found
