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
# What a new session has no value for.
NOT_YET = (
    "after_expiration allow_promotion_codes allowed_payment_method_types "
    "billing_address_collection cancel_url client_reference_id client_secret "
    "collected_information consent consent_collection currency_conversion customer "
    "customer_account customer_details customer_email excluded_payment_method_types "
    "integration_identifier invoice locale name_collection optional_items origin_context "
    "payment_intent payment_link payment_method_configuration_details permissions "
    "recovered_from redirect_on_completion return_url setup_intent "
    "shipping_address_collection shipping_cost submit_type subscription success_url "
    "tax_id_collection wallet_options"
)


def session(act: Act, *, mode: str, currency: str, total: int, expires_at: int) -> Json:
    """An open session of a hosted page."""
    recurring = mode == "subscription"
    session_id = act.new_id("cs_test_a1", 58)
    return dict.fromkeys(NOT_YET.split()) | {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": True},
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "branding_settings": BRANDING | {"display_name": act.account.name},
        "created": act.now,
        "currency": currency,
        "custom_fields": [],
        "custom_text": NO_TEXT,
        "customer_creation": "always" if recurring else "if_required",
        "discounts": [],
        "expires_at": expires_at,
        "invoice_creation": None if recurring else _no_invoice(),
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": {},
        "mode": mode,
        "payment_method_collection": "always" if recurring else "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card", "sepa_debit"] if currency == "eur" else ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "saved_payment_method_options": _saved_options() if recurring else None,
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{act.account.public_url}/sandbox/checkout/{session_id}",
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
