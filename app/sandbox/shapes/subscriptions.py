"""Subscriptions and their items."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.errors import Json
from app.sandbox.shapes.catalog import plan

NO_TAX: Json = {
    "disabled_reason": None,
    "enabled": False,
    "liability": None,
}


def subscription(act: Act, *, customer: str, currency: str, metadata: Json, start: int) -> Json:
    """A subscription without its items, not yet paid."""
    return {
        "id": act.new_id("sub_1"),
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": NO_TAX,
        "billing_cycle_anchor": start,
        "billing_cycle_anchor_config": None,
        "billing_mode": billing_mode(None),
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {
            "comment": None,
            "feedback": None,
            "feedback_option": None,
            "reason": None,
        },
        "collection_method": "charge_automatically",
        "created": act.now,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "items": {"object": "list", "data": [], "has_more": False, "url": ""},
        "latest_invoice": None,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": metadata,
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "presentment_details": None,
        "schedule": None,
        "start_date": start,
        "status": "incomplete",
        "status_details": None,
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {
            "end_behavior": {
                "billing_cycle_anchor": None,
                "missing_payment_method": "create_invoice",
            }
        },
        "trial_start": None,
    }


def billing_mode(given: Json | None) -> Json:
    """How a subscription computes what it bills; flexible unless classic is asked for."""
    classic = given is not None and given["type"] == "classic"
    return {
        "flexible": None if classic else {"proration_discounts": "included"},
        "type": "classic" if classic else "flexible",
        "updated_at": None,
    }


def subscription_item(
    act: Act, subscription: Json, price: Json, *, quantity: int, start: int, end: int
) -> Json:
    """One priced thing in a subscription; the billing period stands here."""
    return {
        "id": act.new_id("si_", 14),
        "object": "subscription_item",
        "billed_until": end,
        "billing_thresholds": None,
        "created": act.now,
        "current_period_end": end,
        "current_period_start": start,
        "current_trial": None,
        "discounts": [],
        "metadata": {},
        "plan": plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription["id"],
        "tax_rates": [],
    }
