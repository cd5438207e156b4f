"""What the contract check says about objects, events and errors."""

from __future__ import annotations

from typing import Any

import pytest
from stripe._object_classes import OBJECT_CLASSES

from tests.contract.checking_events import API_VERSION
from tests.contract.contract import Contract
from tests.contract.reading_types import fields_of, object_record
from tests.contract.samples import mutations, sample
from tests.contract.shapes import PageOf, Record

CONTRACT = Contract()
STRUCTURES = {"list", "search_result"}
OBJECT_NAMES = sorted(
    name for name in OBJECT_CLASSES if name not in STRUCTURES and not name.startswith("v2.")
)


def problems(obj: Any) -> list[str]:
    return [f"{finding.where}: {finding.problem}" for finding in CONTRACT.check_object(obj)]


def refund(**changes: Any) -> dict[str, Any]:
    record = object_record("refund")
    assert record is not None
    return {**sample(record, depth=1), **changes}


def event(kind: str, subject: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "api_version": API_VERSION,
        "created": 1,
        "livemode": False,
        "pending_webhooks": 0,
        "request": None,
        "data": {"object": subject, **data},
    }


def test_every_object_of_the_sdk_is_accepted_as_it_is_typed_and_no_break_of_it_escapes() -> None:
    escaped = []
    tried = 0
    for name in OBJECT_NAMES:
        record = object_record(name)
        assert record is not None
        whole = sample(record)
        fields = fields_of(record)
        whole["object"] = fields.object_name
        assert problems(whole) == [], name
        for mutation in mutations(whole, fields):
            tried += 1
            found = problems(mutation.broken)
            if not any(mutation.name in problem for problem in found):
                escaped.append(f"{name}: {mutation.what}")

    assert escaped == []
    assert tried > 5_000


def test_a_field_nested_deeply_in_a_list_is_checked_too() -> None:
    invoice = _sample("invoice")
    details = {"price": "price_1"}
    invoice["lines"]["data"][0]["pricing"] = {"type": "price_details", "price_details": details}

    assert problems(invoice) == [
        "invoice.lines.data[0].pricing.price_details.product: missing field"
    ]


def test_an_expanded_field_is_checked_as_the_object_that_it_is() -> None:
    assert problems(refund(charge="ch_1")) == []
    assert "refund.charge.amount: missing field" in problems(
        refund(charge={"id": "ch_1", "object": "charge"})
    )


def test_an_object_of_the_wrong_kind_in_a_field_is_found() -> None:
    found = problems(refund(charge=_sample("customer")))

    assert "refund.charge.object: 'customer' is none of: charge" in found


def test_a_field_that_may_be_null_may_be_missing_and_one_that_may_not_may_not() -> None:
    without_status, without_amount = refund(), refund()
    without_status.pop("status")
    without_amount.pop("amount")

    assert problems(without_status) == []
    assert problems(without_amount) == ["refund.amount: missing field"]
    assert problems(refund(amount=None)) == ["refund.amount: expected int, got null None"]


def test_true_is_no_number_and_a_number_is_no_text() -> None:
    assert problems(refund(amount=True)) == ["refund.amount: expected int, got bool True"]
    assert problems(refund(currency=978)) == ["refund.currency: expected str, got int 978"]
    assert problems(refund(amount=5.0)) == ["refund.amount: expected int, got float 5.0"]


def test_a_value_that_the_sdk_lists_in_words_only_is_held_to_the_list() -> None:
    assert problems(refund(status="pending")) == []
    assert problems(refund(status="done")) == [
        "refund.status: 'done' is none of: canceled, failed, pending, requires_action, succeeded"
    ]


def test_decimals_travel_as_text() -> None:
    price = _sample("price")

    price["unit_amount_decimal"] = "500"
    assert problems(price) == []
    price["unit_amount_decimal"] = 500
    assert len(problems(price)) == 1
    price["unit_amount_decimal"] = "five"
    assert len(problems(price)) == 1


def test_a_deleted_object_needs_no_more_than_its_name() -> None:
    assert problems({"id": "cus_1", "object": "customer", "deleted": True}) == []
    assert "customer.created: missing field" in problems({"id": "cus_1", "object": "customer"})
    assert problems({"object": "customer", "deleted": True}) == ["customer.id: missing field"]


def test_what_stripe_sends_without_declaring_it_is_tolerated_where_it_is_known() -> None:
    subscription = {**_sample("subscription"), "plan": None, "quantity": 1}

    assert problems(subscription) == []
    assert problems(refund(quantity=1)) == ["refund.quantity: unknown field"]


def test_each_entry_of_a_list_is_checked_and_the_list_itself() -> None:
    page = {"object": "list", "url": "/v1/refunds", "has_more": False, "data": [refund()]}

    assert problems(page) == []
    assert problems({**page, "data": [refund(), refund(amount="5")]}) == [
        "list.data[1].amount: expected int, got str '5'"
    ]
    assert problems({**page, "next": 1}) == ["list.next: unknown field"]
    assert problems({"object": "list", "data": []}) != []


def test_an_answer_is_held_to_the_type_that_its_route_promises() -> None:
    customers = sample(PageOf(Record("stripe._customer", "Customer"), "list"))

    assert CONTRACT.check_answer("GET", "/v1/customers", 200, customers).findings == []
    assert CONTRACT.check_answer("GET", "/v1/refunds", 200, customers).findings != []
    assert CONTRACT.check_answer("GET", "/v1/customers/cus_1", 200, refund()).findings != []


def test_an_error_has_a_known_type_and_only_known_fields() -> None:
    error = {"type": "invalid_request_error", "message": "No such customer", "param": "id"}

    assert problems({"error": error}) == []
    assert len(problems({"error": {**error, "type": "oops"}})) == 1
    assert len(problems({"error": {**error, "reason": "x"}})) == 1
    assert CONTRACT.check_answer("GET", "/v1/refunds", 404, {"error": error}).findings == []
    assert CONTRACT.check_answer("GET", "/v1/refunds", 404, {"message": "no"}).findings != []


def test_an_event_is_checked_with_what_it_carries() -> None:
    assert problems(event("refund.created", refund())) == []
    assert problems(event("refund.created", refund(amount="5"))) == [
        "event.data.object.amount: expected int, got str '5'"
    ]
    assert problems(event("refund.born", refund())) != []
    assert problems(event("refund.created", {"id": "re_1"})) != []


def test_an_event_is_about_what_its_type_says() -> None:
    assert problems(event("invoice.paid", refund())) == [
        "event.data.object: an event of type invoice.paid is not about a refund"
    ]
    assert problems(event("charge.refund.updated", refund())) == []
    assert problems(event("issuing_card.created", _sample("issuing.card"))) == []


def test_earlier_values_in_an_event_may_be_few_but_not_unknown() -> None:
    def updated(**earlier: Any) -> list[str]:
        return problems(event("refund.updated", refund(), previous_attributes=earlier))

    assert updated(status="pending") == []
    assert updated(stand="pending") == ["event.data.previous_attributes.stand: unknown field"]
    assert updated(status="done") != []


def test_an_upcoming_invoice_has_no_id_yet() -> None:
    invoice = _sample("invoice")
    invoice.pop("id")

    assert problems(event("invoice.upcoming", invoice)) == []
    assert problems(event("invoice.created", invoice)) == ["event.data.object.id: missing field"]


def test_of_an_event_in_an_older_version_only_the_envelope_is_checked() -> None:
    old = {**event("refund.created", refund(stand=1)), "api_version": "2022-11-15"}

    assert problems(old) == []
    assert problems({**old, "created": "yesterday"}) != []


@pytest.mark.parametrize("nonsense", [None, 5, "x", [], {}, {"object": "nothing"}, {"object": 5}])
def test_what_is_no_object_is_a_finding_and_no_crash(nonsense: Any) -> None:
    assert len(problems(nonsense)) == 1


def _sample(name: str) -> dict[str, Any]:
    record = object_record(name)
    assert record is not None
    made: dict[str, Any] = sample(record)
    return made
