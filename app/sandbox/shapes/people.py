"""Customers and their means of payment."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.cards import Instrument
from app.sandbox.errors import Json

NO_ADDRESS: Json = {
    "city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None,
}  # fmt: skip


def customer(act: Act, **given: object) -> Json:
    """A customer; ``given`` overrides fields by name."""
    base: Json = {
        "id": act.new_id("cus_", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "business_name": None,
        "created": act.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "individual_name": None,
        "invoice_prefix": act.new_id("", 8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    return base | given


def billing_details(
    *, email: str | None = None, name: str | None = None, country: str | None = None
) -> Json:
    """What the payer typed beside the card."""
    return {
        "address": NO_ADDRESS | {"country": country},
        "email": email,
        "name": name,
        "phone": None,
        "tax_id": None,
    }


def payment_method(act: Act, instrument: Instrument, details: Json) -> Json:
    """A card or a bank account as a means of payment, not yet anybody's."""
    base: Json = {
        "id": act.new_id("pm_1"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": details,
        "created": act.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "radar_options": None,
        "type": instrument.type,
    }
    base[instrument.type] = _card(instrument) if instrument.type == "card" else _bank(instrument)
    return base


def _card(card: Instrument) -> Json:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
        "fingerprint": card.fingerprint,
        "funding": "credit",
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _bank(account: Instrument) -> Json:
    return {
        "bank_code": account.number[4:12],
        "branch_code": None,
        "country": account.country,
        "fingerprint": account.fingerprint,
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": account.number[-4:],
    }
