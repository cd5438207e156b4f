"""Writing invoices: the draft, its lines, finalizing, paying, voiding."""

from __future__ import annotations

from app.sandbox.acting import Act, subscription_of
from app.sandbox.currencies import least_charge
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.shapes import invoices, payments

DRAFT_FOR = 3600  # seconds between a renewal's draft and its finalization


def draft(
    act: Act, subscription: Json, *, reason: str, period: tuple[int, int], bill_period: bool = True
) -> Json:
    """A draft for the subscription: what waits for the customer, then the current period."""
    customer = act.get("customer", subscription["customer"])
    invoice = invoices.invoice(
        act,
        customer=customer,
        currency=subscription["currency"],
        reason=reason,
        period=period,
        subscription=subscription,
    )
    lines = _pending_lines(act, invoice, subscription)
    if bill_period:
        for item in subscription["items"]["data"]:
            name = _product_name(act, item["price"]["product"])
            lines.append(invoices.period_line(act, invoice, subscription, item, name))
    invoice["lines"]["data"] = lines
    invoice["lines"]["url"] = f"/v1/invoices/{invoice['id']}/lines"
    _add_up(invoice, customer["balance"])
    return act.add(invoice)


def finalize(act: Act, invoice: Json, *, intent: Json | None = None) -> Json:
    """Give the draft its number and open it; with ``intent`` it is already being paid.

    Nothing to pay makes it paid at once. Raises RequestFailed where it is no draft.
    """
    if invoice["status"] != "draft":
        raise RequestFailed(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            code="invoice_not_editable",
        )
    customer = act.get("customer", invoice["customer"])
    # What Checkout has collected already leaves the customer's credit untouched.
    _add_up(invoice, customer["balance"] if intent is None else 0)
    kept = invoice["ending_balance"] if intent is None else customer["balance"]
    sequence = customer["next_invoice_sequence"]
    act.put(customer | {
        "balance": kept, "next_invoice_sequence": sequence + 1,
        "currency": invoice["currency"],
    })  # fmt: skip
    invoice |= {
        "automatically_finalizes_at": None,
        "effective_at": act.now,
        # The dashboard shows it; the sandbox draws no PDF.
        "hosted_invoice_url": f"{act.account.public_url}/sandbox/?invoice={invoice['id']}#payments",
        "number": f"{customer['invoice_prefix']}-{sequence:04d}",
        "status": "open",
        "status_transitions": invoice["status_transitions"] | {"finalized_at": act.now},
    }
    if invoice["amount_due"] > 0:
        _ask_for_payment(act, invoice, intent)
    act.put(invoice, "invoice.finalized")
    return invoice


def mark_paid(act: Act, invoice: Json, *, intent: Json | None, out_of_band: bool = False) -> None:
    """The invoice is paid, by this intent or outside of Stripe."""
    due = invoice["amount_due"]
    before = {"status": invoice["status"], "amount_paid": invoice["amount_paid"]}
    invoice |= {
        "amount_paid": 0 if out_of_band else due,
        "amount_paid_off_stripe": due if out_of_band else 0,
        "amount_remaining": 0,
        "attempt_count": invoice["attempt_count"] + (1 if intent else 0),
        "attempted": True,
        "auto_advance": False,
        "next_payment_attempt": None,
        "status": "paid",
        "status_transitions": invoice["status_transitions"] | {"paid_at": act.now},
    }
    for link in act.where("invoice_payment", parent=invoice["id"], status="open"):
        _close(act, link, paid=intent is not None)
    act.unschedule("retry", invoice["id"])
    act.put(
        invoice,
        "invoice.updated", "invoice.paid", "invoice.payment_succeeded",
        previous=before,
    )  # fmt: skip


def void(act: Act, invoice: Json) -> Json:
    """The invoice is not to be paid; it keeps its number."""
    if invoice["status"] not in ("open", "uncollectible"):
        raise RequestFailed(
            f"You can only pass in open or uncollectible invoices. This invoice is "
            f"{invoice['status']}.",
            code="invoice_not_editable",
        )
    return set_aside(act, invoice, "void")


def set_aside(act: Act, invoice: Json, status: str, *, reason: str | None = None) -> Json:
    """End collecting: ``status`` is "void", or "uncollectible" with its reason."""
    for link in act.where("invoice_payment", parent=invoice["id"], status="open"):
        _close(act, link, paid=False)
        intent = act.get("payment_intent", link["payment"]["payment_intent"])
        if intent["status"] not in ("succeeded", "processing"):
            act.change(
                intent, "payment_intent.canceled", status="canceled", canceled_at=act.now,
                cancellation_reason="void_invoice",
            )  # fmt: skip
    act.unschedule("retry", invoice["id"])
    act.unschedule("finalize", invoice["id"])
    stamp = "voided_at" if status == "void" else "marked_uncollectible_at"
    told = "invoice.voided" if status == "void" else "invoice.marked_uncollectible"
    return act.change(
        invoice, "invoice.updated", told,
        auto_advance=False, automatically_finalizes_at=None, next_payment_attempt=None,
        status=status, status_details={"uncollectible": {"reason": reason}} if reason else None,
        status_transitions=invoice["status_transitions"] | {stamp: act.now},
    )  # fmt: skip


def payment_of(act: Act, invoice: Json) -> Json | None:
    """The payment intent that is to pay the invoice."""
    links = act.where("invoice_payment", parent=invoice["id"])
    return act.find(links[-1]["payment"]["payment_intent"]) if links else None


def invoice_of(act: Act, intent_id: str) -> Json | None:
    """The invoice that a payment intent is to pay."""
    links = act.where("invoice_payment", other=intent_id)
    return act.find(links[-1]["invoice"]) if links else None


def _ask_for_payment(act: Act, invoice: Json, intent: Json | None) -> None:
    if intent is None:
        reason = invoice["billing_reason"]
        intent = payments.payment_intent(
            act,
            amount=invoice["amount_due"],
            currency=invoice["currency"],
            customer=invoice["customer"],
            types=["card", "sepa_debit"] if invoice["currency"] == "eur" else ["card"],
            description=(
                "Subscription creation" if reason == "subscription_create" else
                "Subscription update" if subscription_of(invoice) else None
            ),
            payment_details={"customer_reference": None, "order_reference": invoice["id"]},
        )  # fmt: skip
        act.add(intent, "payment_intent.created")
    act.add(invoices.invoice_payment(act, invoice, intent))


def _close(act: Act, link: Json, *, paid: bool) -> None:
    stamp = "paid_at" if paid else "canceled_at"
    link |= {
        "amount_paid": link["amount_requested"] if paid else None,
        "status": "paid" if paid else "canceled",
        "status_transitions": link["status_transitions"] | {stamp: act.now},
    }
    act.put(link, *(["invoice_payment.paid"] if paid else []))


def _pending_lines(act: Act, invoice: Json, subscription: Json) -> list[Json]:
    lines = []
    for item in act.where("invoiceitem", customer=subscription["customer"], other=None):
        details = item["parent"]["subscription_details"]
        if details["subscription"] == subscription["id"]:
            lines.append(invoices.proration_line(act, invoice, item))
            act.change(item, invoice=invoice["id"])
    return lines


def _add_up(invoice: Json, balance: int) -> None:
    total = sum(line["amount"] for line in invoice["lines"]["data"])
    needed = total + balance
    # What is too small to collect is carried over to the next invoice, as credit is.
    due = needed if needed >= least_charge(invoice["currency"]) else 0
    invoice |= {
        "amount_due": due,
        "amount_remaining": due,
        "ending_balance": needed - due,
        "starting_balance": balance,
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_excluding_tax": total,
    }


def _product_name(act: Act, product_id: str) -> str:
    product = act.find(product_id)
    return str(product["name"]) if product else "Deleted product"
