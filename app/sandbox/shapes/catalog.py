"""Products, prices, and the plan that subscriptions still carry beside the price."""

from __future__ import annotations

from decimal import Decimal

from app.sandbox.acting import Act
from app.sandbox.errors import Json


def product(act: Act, name: str, **given: object) -> Json:
    """What is sold."""
    base: Json = {
        "id": act.new_id("prod_", 14),
        "object": "product",
        "active": True,
        "created": act.now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "tax_details": None,
        "type": "service",
        "unit_label": None,
        "updated": act.now,
        "url": None,
    }
    return base | given


def price(
    act: Act,
    *,
    product: str,
    currency: str,
    unit_amount: int,
    recurring: Json | None,
    **given: object,
) -> Json:
    """What it costs, once or per interval; ``unit_amount`` in minor units of ``currency``."""
    base: Json = {
        "id": act.new_id("price_1"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": act.now,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(Decimal(unit_amount)),
    }
    if recurring is not None:
        base["type"] = "recurring"
        base["recurring"] = {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count", 1),
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        }
    return base | given


def plan(price: Json) -> Json:
    """The older twin of a recurring price, with the same id."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
