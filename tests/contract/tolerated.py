"""Where the SDK's types and Stripe's real traffic are known to differ.

Every entry is a decision: an extra that Stripe sends without declaring it, or a closed set that
the SDK tells in words and types as a bare string.
"""

from __future__ import annotations

UNDECLARED_FIELDS: dict[str, frozenset[str]] = {
    "charge": frozenset({"destination", "dispute", "order"}),
    "list": frozenset({"total_count"}),
    "payment_intent": frozenset({"shared_payment_granted_token"}),
    "payment_method": frozenset({"shared_payment_granted_token"}),
    "product": frozenset({"attributes"}),
    "search_result": frozenset({"total_count"}),
    "subscription": frozenset({"plan", "quantity"}),
}

# The hosted pages' own endpoints: Stripe's CLI plays them, no SDK declares them.
UNDECLARED_ROUTES = (
    "/v1/payment_pages",
    "/v1/payment_pages/{session}",
    "/v1/payment_pages/{session}/confirm",
    "/v1/payment_pages/{session}/init",
)

SAID_IN_WORDS: dict[tuple[str, str], frozenset[str | int | bool]] = {
    ("ErrorObject", "type"): frozenset(
        {"api_error", "card_error", "idempotency_error", "invalid_request_error"}
    ),
    ("InvoicePayment", "status"): frozenset({"open", "paid", "canceled"}),
    ("Payout", "status"): frozenset({"paid", "pending", "in_transit", "canceled", "failed"}),
    ("Refund", "status"): frozenset(
        {"pending", "requires_action", "succeeded", "failed", "canceled"}
    ),
    ("BalanceTransaction", "status"): frozenset({"available", "pending"}),
    ("WebhookEndpoint", "status"): frozenset({"enabled", "disabled"}),
}

# What an event is about, where its type's name does not end in the object's name.
EVENT_OBJECTS: dict[str, frozenset[str]] = {
    "account.external_account": frozenset({"bank_account", "card"}),
    "application_fee": frozenset({"application_fee", "fee_refund"}),
    "billing.alert": frozenset({"billing.alert", "billing.alert_triggered"}),
    "customer.source": frozenset({"bank_account", "card", "source"}),
    "source.mandate_notification": frozenset({"source_mandate_notification"}),
    "source.transaction": frozenset({"source_transaction"}),
}

# An invoice that does not exist yet has no id, though the type says every invoice has one.
EVENTS_WITHOUT_ID = frozenset({"invoice.upcoming"})
