"""Checkout sessions and their line items."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.errors import Json

BRANDING: Json = {
    "background_color": "#ffffff",
    "border_style": "rounded",
    "button_color": "#0074d4",
    "display_name": "",
    "font_family": "default",
    "icon": None,
    "logo": None,
}
NO_TEXT: Json = {
    "after_submit": None,
    "shipping_address": None,
    "submit": None,
    "terms_of_service_acceptance": None,
}


def session(act: Act, *, mode: str, currency: str, total: int, expires_at: int) -> Json:
    """An open session of a hosted page."""
    recurring = mode == "subscription"
    session_id = act.new_id("cs_test_a1", 58)
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": True},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "allowed_payment_method_types": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "branding_settings": BRANDING | {"display_name": act.account.name},
        "cancel_url": None,
        "client_reference_id": None,
        "client_secret": None,  # nosec B105
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": act.now,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": NO_TEXT,
        "customer": None,
        "customer_account": None,
        "customer_creation": "always" if recurring else "if_required",
        "customer_details": None,
        "customer_email": None,
        "discounts": [],
        "excluded_payment_method_types": None,
        "expires_at": expires_at,
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": None if recurring else _no_invoice(),
        "livemode": False,
        "locale": None,
        "managed_payments": {"enabled": False},
        "metadata": {},
        "mode": mode,
        "name_collection": None,
        "optional_items": None,
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "always" if recurring else "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card", "sepa_debit"] if currency == "eur" else ["card"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "redirect_on_completion": None,
        "return_url": None,
        "saved_payment_method_options": _saved_options() if recurring else None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": None,
        "tax_id_collection": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{act.account.public_url}/sandbox/checkout/{session_id}",
        "wallet_options": None,
    }


def customer_details(*, email: str | None, name: str | None, country: str | None = None) -> Json:
    """What is known of the payer."""
    address: Json | None = None
    if country is not None:
        address = dict.fromkeys(("city", "line1", "line2", "postal_code", "state"))
        address["country"] = country
    return {
        "address": address,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def line_item(item_id: str, price: Json, name: str, *, quantity: int, metadata: Json) -> Json:
    """One line of a session, as its ``line_items`` list it."""
    total = price["unit_amount"] * quantity
    return {
        "id": item_id,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": name,
        "metadata": metadata,
        "price": price,
        "quantity": quantity,
    }


def _no_invoice() -> Json:
    return {
        "enabled": False,
        "invoice_data": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": None,
            "metadata": {},
            "rendering_options": None,
        },
    }


def _saved_options() -> Json:
    return {
        "allow_redisplay_filters": ["always"],
        "payment_method_remove": "disabled",
        "payment_method_save": None,
    }
