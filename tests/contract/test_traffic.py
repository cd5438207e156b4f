"""The sandbox's real traffic keeps the contract, and a break anywhere in it would be found."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.contract.checking_objects import PAGE_FIELDS
from tests.contract.contract import Contract
from tests.contract.reading_routes import route_for
from tests.contract.reading_types import fields_of, object_record
from tests.contract.samples import mutations
from tests.contract.shapes import Anything, Fields, ListOf, Scalar, Shape
from tests.contract.traffic import KeptTraffic, play

CONTRACT = Contract()
PAGE: dict[str, Shape] = {
    "data": ListOf(Anything()),
    "has_more": Scalar("bool"),
    "url": Scalar("str"),
}
SERVED = frozenset(
    {
        "balance_transaction",
        "charge",
        "checkout.session",
        "customer",
        "event",
        "invoice",
        "invoice_payment",
        "item",
        "line_item",
        "list",
        "payment_intent",
        "payment_method",
        "plan",
        "price",
        "product",
        "refund",
        "subscription",
        "subscription_item",
        "webhook_endpoint",
    }
)


@pytest.fixture(scope="module")
def traffic() -> KeptTraffic:
    return play()


def test_ten_weeks_of_traffic_keep_the_contract(traffic: KeptTraffic) -> None:
    assert [str(finding) for finding in traffic.findings] == []

    counts = traffic.counts()
    assert counts["requests"] > 40
    assert counts["objects"] > 500
    assert counts["events"] > 150
    assert traffic.samples().keys() >= SERVED


def test_no_break_of_any_served_object_escapes(traffic: KeptTraffic) -> None:
    escaped = []
    tried = dict.fromkeys(("renamed", "removed", "of another type", "outside its values"), 0)
    for kind, sample in traffic.samples().items():
        for mutation in mutations(sample, _fields(kind)):
            tried[mutation.what.removeprefix(f"{mutation.name} ")] += 1
            found = CONTRACT.check_object(mutation.broken)
            if not any(mutation.name in str(finding) for finding in found):
                escaped.append(f"{kind}: {mutation.what}")

    assert escaped == []
    assert min(tried.values()) > 20, tried


def test_no_break_of_any_sent_request_escapes(traffic: KeptTraffic) -> None:
    escaped, tried = [], 0
    for sent in traffic.sent:
        route = route_for(sent.method, sent.path)
        assert route is not None
        assert route.params is not None
        for mutation in mutations(dict(sent.params), fields_of(route.params)):
            tried += 1
            found = CONTRACT.check_request(sent.method, sent.path, mutation.broken)
            if not any(mutation.name in str(finding) for finding in found):
                escaped.append(f"{sent.method} {sent.path}: {mutation.what}")

    assert escaped == []
    assert tried > 100


def test_no_break_of_what_an_event_carries_escapes(traffic: KeptTraffic) -> None:
    escaped, tried = [], set()
    for event in traffic.told:
        subject = event["data"]["object"]
        if event["type"] in tried:
            continue
        tried.add(event["type"])
        for mutation in mutations(subject, _fields(subject["object"])):
            told = copy.copy(event) | {"data": {**event["data"], "object": mutation.broken}}
            found = CONTRACT.check_event(told).findings
            if not any(mutation.name in str(finding) for finding in found):
                escaped.append(f"{event['type']}: {mutation.what}")

    assert escaped == []
    assert len(tried) > 15


def test_a_break_deep_inside_a_served_object_is_found(traffic: KeptTraffic) -> None:
    samples = traffic.samples()
    invoice = copy.deepcopy(samples["invoice"])
    session = copy.deepcopy(samples["checkout.session"])
    subscription = copy.deepcopy(samples["subscription"])
    invoice["lines"]["data"][0]["pricing"]["price_details"]["produkt"] = "prod_1"
    del session["automatic_tax"]["enabled"]
    subscription["items"]["data"][0]["price"]["recurring"]["interval"] = "fortnight"

    assert _problems(invoice) == [
        "invoice.lines.data[0].pricing.price_details.produkt: unknown field"
    ]
    assert _problems(session) == ["checkout.session.automatic_tax.enabled: missing field"]
    assert _problems(subscription) == [
        "subscription.items.data[0].price.recurring.interval: "
        "'fortnight' is none of: day, month, week, year"
    ]


def _problems(obj: dict[str, Any]) -> list[str]:
    return [f"{finding.where}: {finding.problem}" for finding in CONTRACT.check_object(obj)]


def _fields(kind: str) -> Fields:
    if kind == "list":
        return Fields("list", PAGE, PAGE_FIELDS, "list", False)
    record = object_record(kind)
    assert record is not None
    return fields_of(record)
