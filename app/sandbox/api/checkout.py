"""/v1/checkout/sessions."""

from __future__ import annotations

from urllib.parse import urlsplit

from app.sandbox.acting import Act
from app.sandbox.api import catalog, expanding
from app.sandbox.api.listing import of, page
from app.sandbox.api.routing import get, listed, post
from app.sandbox.billing import checking_out
from app.sandbox.currencies import check_charge
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.params import (  # fmt: skip
    CREATED,
    clearable,
    flag,
    listing,
    mapping,
    merge_metadata,
    one_of,
    record,
    refuse,
    text,
    whole,
)
from app.sandbox.shapes import sessions

URL = "/v1/checkout/sessions"
DAY = 86_400
_LOCALES = (
    "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms "
    "mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
)
LOCALES = _LOCALES.split()
MESSAGE = clearable(record({"message!": text(longest=1200)}))
TYPES = listing(text(longest=50))
CREATE = record(
    {"mode!": one_of("payment", "setup", "subscription")},
    adaptive_pricing=record(enabled=flag()),
    after_expiration=record(
        recovery=record({"enabled!": flag()}, allow_promotion_codes=flag())
    ),
    allowed_payment_method_types=TYPES,
    billing_address_collection=one_of("auto", "required"),
    cancel_url=text(),
    client_reference_id=text(longest=200),
    consent_collection=record(
        promotions=one_of("auto", "none"), terms_of_service=one_of("none", "required"),
        payment_method_reuse_agreement=record({"position!": one_of("auto", "hidden")}),
    ),
    currency=text(longest=3),
    custom_text=record(
        after_submit=MESSAGE, shipping_address=MESSAGE, submit=MESSAGE,
        terms_of_service_acceptance=MESSAGE,
    ),
    customer=text(),
    customer_creation=one_of("always", "if_required"),
    customer_email=text(longest=800),
    customer_update=record(address=one_of("auto", "never"), name=one_of("auto", "never")),
    excluded_payment_method_types=TYPES,
    expires_at=whole(),
    integration_identifier=text(),
    line_items=listing(
        record(
            metadata=mapping(), price=text(), price_data=catalog.INLINE,
            quantity=whole(least=1, most=999_999),
        )
    ),
    locale=one_of(*LOCALES),
    metadata=mapping(),
    origin_context=one_of("mobile_app", "web"),
    payment_intent_data=record(
        description=text(longest=1000), metadata=mapping(), receipt_email=text(),
        setup_future_usage=one_of("off_session", "on_session"),
        statement_descriptor_suffix=text(longest=22),
    ),
    payment_method_collection=one_of("always", "if_required"),
    payment_method_types=refuse(
        "`payment_method_types` is no longer supported. Use dynamic payment methods, "
        "`allowed_payment_method_types` or `excluded_payment_method_types`.",
        code="payment_method_types_no_longer_supported",
    ),
    submit_type=one_of("auto", "book", "donate", "pay", "subscribe"),
    subscription_data=record(
        billing_mode=record({"type!": one_of("classic", "flexible")}),
        description=text(longest=500), metadata=mapping(),
    ),
    success_url=text(),
    ui_mode=one_of("elements", "embedded_page", "form", "hosted_page"),
)  # fmt: skip
_COPIED = (
    "adaptive_pricing after_expiration allowed_payment_method_types billing_address_collection "
    "cancel_url client_reference_id consent_collection customer customer_creation customer_email "
    "excluded_payment_method_types integration_identifier locale origin_context "
    "payment_method_collection submit_type success_url"
)
COPIED = _COPIED.split()


def create(act: Act, params: Json) -> Json:
    """Open a session; amounts, names and metadata are fixed from here on."""
    _check(act, params)
    lines = _lines(act, params)
    prices = [price for price, _ in lines]
    total = sum(price["unit_amount"] * line["quantity"] for price, line in lines)
    check_charge(total, prices[0]["currency"], param="line_items")
    session = sessions.session(
        act, mode=params["mode"], currency=prices[0]["currency"], total=total,
        expires_at=_expiry(act, params),
    )  # fmt: skip
    session |= {name: params[name] for name in COPIED if name in params}
    _fill(act, session, params)
    act.add(
        session,
        line_items=[line for _, line in lines],
        subscription_data=params.get("subscription_data"),
        payment_intent_data=params.get("payment_intent_data"),
        customer_update=params.get("customer_update"),
    )
    act.schedule(session["expires_at"], "expire_session", session["id"])
    return session


def retrieve(act: Act, params: Json, session_id: str) -> Json:
    """One session."""
    return act.get("checkout.session", session_id, status=404)


def expire(act: Act, params: Json, session_id: str) -> Json:
    """Close an open session at once."""
    session = act.get("checkout.session", session_id, status=404)
    if session["status"] != "open":
        raise RequestFailed(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {session['status']}."
        )
    act.unschedule("expire_session", session_id)
    return checking_out.expire(act, session_id)


def index(act: Act, params: Json) -> Json:
    """Sessions, newest first."""
    email = params.get("customer_details", {}).get("email")

    def keep(session: Json) -> bool:
        return email is None or (session["customer_details"] or {}).get("email") == email

    return page(
        act, "checkout.session", URL, params, keep=keep,
        customer=params.get("customer"), parent=params.get("subscription"),
        other=params.get("payment_intent"), status=params.get("status"),
    )  # fmt: skip


def line_items(act: Act, params: Json, session_id: str) -> Json:
    """What a session sells."""
    act.get("checkout.session", session_id, status=404)
    return of(expanding.line_items(act, session_id), f"{URL}/{session_id}/line_items", params)


def _check(act: Act, params: Json) -> None:
    mode = params["mode"]
    if mode == "setup":
        raise RequestFailed("The sandbox has no setup mode.", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise RequestFailed("The sandbox has only hosted pages.", param="ui_mode")
    if not params.get("line_items"):
        raise RequestFailed(
            "You must pass `line_items` in this mode.", code="parameter_missing",
            param="line_items",
        )  # fmt: skip
    for name in ("success_url", "cancel_url"):
        _check_url(params.get(name), name)
    _check_customer(act, params)
    foreign = (
        ("payment_intent_data", "customer_creation", "submit_type")
        if mode == "subscription"
        else ("subscription_data",)
    )
    for name in foreign:
        allowed = name == "submit_type" and params.get(name) in ("auto", "subscribe")
        if name in params and not allowed:
            raise RequestFailed(f"You can not pass `{name}` in `{mode}` mode.", param=name)


def _check_customer(act: Act, params: Json) -> None:
    if "customer" in params and "customer_email" in params:
        raise RequestFailed(
            "You may only specify one of these parameters: customer, customer_email.",
            param="customer_email",
        )
    if "customer" in params:
        act.get("customer", params["customer"], param="customer")
    elif "customer_update" in params:
        raise RequestFailed("`customer_update` needs `customer`.", param="customer_update")
    if "@" not in params.get("customer_email", "@"):
        raise RequestFailed(
            f"Invalid email address: {params['customer_email']}", code="email_invalid",
            param="customer_email",
        )  # fmt: skip


def _check_url(url: str | None, name: str) -> None:
    if url is None:
        if name == "success_url":
            raise RequestFailed(
                "Missing required param: success_url.", code="parameter_missing", param=name
            )
        return
    # The placeholder's braces are no part of a URL.
    parts = urlsplit(url.replace("{CHECKOUT_SESSION_ID}", "x"))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RequestFailed(
            "Not a valid URL: an explicit scheme (such as https) must be provided.",
            code="url_invalid",
            param=name,
        )


def _lines(act: Act, params: Json) -> list[tuple[Json, Json]]:
    lines = []
    for position, given in enumerate(params["line_items"]):
        name = f"line_items[{position}]"
        if ("price" in given) == ("price_data" in given):
            raise RequestFailed(
                f"You must specify either {name}[price] or {name}[price_data].", param=name
            )
        if "price" in given:
            price = act.get("price", given["price"], param=f"{name}[price]")
        else:
            price = catalog.inline(act, given["price_data"], param=f"{name}[price_data]")
        product = act.get("product", price["product"])
        line = {
            "id": act.new_id("li_1"), "price": price["id"], "name": product["name"],
            "quantity": given.get("quantity", 1),
            "metadata": merge_metadata({}, given.get("metadata")),
        }  # fmt: skip
        lines.append((price, line))
    _check_prices(params["mode"], [price for price, _ in lines])
    currency = lines[0][0]["currency"]
    if str(params.get("currency", currency)).lower() != currency:
        raise RequestFailed(
            f"The price is in {currency}, not in the currency that was asked for.",
            param="currency",
        )
    return lines


def _check_prices(mode: str, prices: list[Json]) -> None:
    if len({price["currency"] for price in prices}) > 1:
        raise RequestFailed("All line items must have the same currency.", param="line_items")
    recurring = [price["recurring"] for price in prices if price["recurring"]]
    if mode == "payment" and recurring:
        raise RequestFailed(
            "You specified `payment` mode but passed a recurring price. Either switch to "
            "`subscription` mode or use only one-time prices.",
            param="line_items",
        )
    if mode == "subscription" and len(recurring) != len(prices):
        raise RequestFailed(
            "You must provide recurring prices in `subscription` mode; the sandbox takes no "
            "one-time price beside them.",
            param="line_items",
        )
    if len({(one["interval"], one["interval_count"]) for one in recurring}) > 1:
        raise RequestFailed("All prices must have the same interval.", param="line_items")


def _expiry(act: Act, params: Json) -> int:
    expires_at: int = params.get("expires_at", act.now + DAY)
    if not act.now + 1800 <= expires_at <= act.now + DAY:
        raise RequestFailed(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout "
            "Session creation.",
            param="expires_at",
        )
    return expires_at


def _fill(act: Act, session: Json, params: Json) -> None:
    session["metadata"] = merge_metadata({}, params.get("metadata"))
    for data in ("subscription_data", "payment_intent_data"):
        if "metadata" in params.get(data, {}):
            params[data]["metadata"] = merge_metadata({}, params[data]["metadata"])
    texts = {name: given or None for name, given in params.get("custom_text", {}).items()}
    session["custom_text"] = sessions.NO_TEXT | texts
    if "after_expiration" in params:
        recovery = params["after_expiration"].get("recovery", {"enabled": False})
        if recovery["enabled"]:
            raise RequestFailed(
                "The sandbox does not recover expired sessions.",
                param="after_expiration[recovery][enabled]",
            )
        session["after_expiration"] = {"recovery": {
            "allow_promotion_codes": recovery.get("allow_promotion_codes", False),
            "enabled": recovery["enabled"], "expires_at": None, "url": None,
        }}  # fmt: skip
    if "consent_collection" in params:
        nothing: Json = {
            "payment_method_reuse_agreement": None, "promotions": None, "terms_of_service": None,
        }  # fmt: skip
        session["consent_collection"] = nothing | params["consent_collection"]
    known = params.get("customer_email")
    if "customer" in params:
        known = act.get("customer", params["customer"])["email"]
    if known:
        session["customer_details"] = sessions.customer_details(email=known, name=None)
    _narrow(session)


def _narrow(session: Json) -> None:
    offered = session["payment_method_types"]
    allowed = session["allowed_payment_method_types"]
    excluded = session["excluded_payment_method_types"] or []
    left = [
        kind for kind in offered
        if kind not in excluded and (not allowed or kind in allowed)
    ]  # fmt: skip
    if not left:
        raise RequestFailed("No payment method types are left for this Checkout Session.")
    session["payment_method_types"] = left


ROUTES = [
    post(URL, create, CREATE),
    listed(
        URL, index, created=CREATED, customer=text(), payment_intent=text(), subscription=text(),
        status=one_of("complete", "expired", "open"),
        customer_details=record({"email!": text()}),
    ),
    get(URL + "/{id}", retrieve),
    post(URL + "/{id}/expire", expire),
    listed(URL + "/{id}/line_items", line_items),
]  # fmt: skip
