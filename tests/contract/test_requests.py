"""What the contract check says about requests."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.contract.contract import Contract
from tests.contract.decoding import UnreadableForm, decode_form
from tests.contract.reading_routes import all_routes, route_for
from tests.contract.reading_types import fields_of
from tests.contract.samples import mutations, sample

CONTRACT = Contract()
SESSIONS = "/v1/checkout/sessions"
CHECKOUT: dict[str, Any] = {
    "mode": "subscription",
    "success_url": "https://news.example/join/thanks?session_id={CHECKOUT_SESSION_ID}",
    "customer_email": "reader@example.org",
    "line_items": [
        {
            "quantity": 1,
            "price_data": {
                "currency": "eur",
                "product": "prod_coffee",
                "unit_amount": 300,
                "recurring": {"interval": "month"},
            },
        }
    ],
    "subscription_data": {"metadata": {"pledge": "01J"}},
    "adaptive_pricing": {"enabled": False},
    "expand": ["line_items"],
}


def problems(method: str, path: str, params: Any = None) -> list[str]:
    found = CONTRACT.check_request(method, path, params)
    return [f"{finding.where.split()[-1]}: {finding.problem}" for finding in found]


def with_price(**changes: Any) -> dict[str, Any]:
    checkout = copy.deepcopy(CHECKOUT)
    checkout["line_items"][0]["price_data"].update(changes)
    return checkout


def test_the_sdk_knows_all_558_routes_and_every_one_of_them_is_read_with_its_types() -> None:
    routes = all_routes()

    assert len(routes) >= 558
    for route in routes:
        assert route.params is None or fields_of(route.params).title == route.params_name
        assert route.answer is not None or route.pattern.endswith("/pdf"), route


def test_a_right_request_has_no_findings() -> None:
    assert problems("POST", SESSIONS, CHECKOUT) == []


def test_the_same_request_as_a_form_has_no_findings_either() -> None:
    form = decode_form(
        "mode=subscription&success_url=https%3A%2F%2Fnews.example&line_items[0][quantity]=1"
        "&line_items[0][price_data][currency]=eur&line_items[0][price_data][product]=prod_1"
        "&line_items[0][price_data][unit_amount]=300"
        "&line_items[0][price_data][recurring][interval]=month"
        "&adaptive_pricing[enabled]=false&metadata[7]=x&expand[]=line_items&expand[]=customer"
    )

    assert problems("POST", SESSIONS, form) == []


def test_a_name_that_stripe_has_removed_is_found() -> None:
    assert problems("POST", SESSIONS, {**CHECKOUT, "payment_method_types": ["card"]}) == [
        "payment_method_types: unknown parameter"
    ]


def test_a_value_that_stripe_has_removed_is_found() -> None:
    found = problems("POST", SESSIONS, {**CHECKOUT, "ui_mode": "hosted"})

    assert found == ["ui_mode: 'hosted' is none of: elements, embedded_page, form, hosted_page"]


def test_a_missing_required_name_deep_inside_is_found() -> None:
    checkout = with_price()
    del checkout["line_items"][0]["price_data"]["currency"]
    checkout["subscription_data"] = {"trial_settings": {}}

    assert sorted(problems("POST", SESSIONS, checkout)) == [
        "line_items[0].price_data.currency: missing parameter",
        "subscription_data.trial_settings.end_behavior: missing parameter",
    ]


@pytest.mark.parametrize("amount", ["3.00", "", "three", None, [300], True])
def test_what_is_no_whole_number_is_no_amount(amount: Any) -> None:
    assert len(problems("POST", SESSIONS, with_price(unit_amount=amount))) == 1


@pytest.mark.parametrize("amount", [300, "300", "-300"])
def test_a_whole_number_is_an_amount_as_number_and_as_text(amount: Any) -> None:
    assert problems("POST", SESSIONS, with_price(unit_amount=amount)) == []


def test_a_wrong_interval_in_a_list_of_groups_is_found() -> None:
    found = problems("POST", SESSIONS, with_price(recurring={"interval": "fortnight"}))

    assert found == [
        "line_items[0].price_data.recurring.interval: "
        "'fortnight' is none of: day, month, week, year"
    ]


def test_a_group_where_a_list_belongs_is_found_and_a_value_where_a_group_belongs() -> None:
    assert problems("POST", SESSIONS, {**CHECKOUT, "line_items": {"price": "x"}}) != []
    assert problems("POST", SESSIONS, {**CHECKOUT, "line_items": "x"}) != []
    assert problems("POST", SESSIONS, {**CHECKOUT, "adaptive_pricing": "false"}) != []


def test_the_anchor_of_billing_is_a_group_now_and_was_a_word_before() -> None:
    path = "/v1/subscriptions/sub_1"

    assert problems("POST", path, {"billing_cycle_anchor": {"type": "now"}}) == []
    assert problems("POST", path, {"billing_cycle_anchor": "now"}) != []


def test_an_empty_value_unsets_only_where_the_sdk_says_so() -> None:
    path = "/v1/subscriptions/sub_1"

    assert problems("POST", path, {"cancel_at": "", "metadata": ""}) == []
    assert problems("POST", path, {"cancel_at_period_end": ""}) != []


def test_a_path_to_expand_has_to_exist_in_the_answer() -> None:
    path = "/v1/invoices"
    good = ["data.payments.data.payment.payment_intent.latest_charge", "data.customer"]

    assert problems("GET", path, {"expand": good}) == []
    assert problems("GET", path, {"expand": ["data.charge"]}) == [
        "data.charge: no such field in the answer"
    ]
    assert problems("GET", path, {"expand": {"0": "customer"}}) != []


def test_fixed_parts_of_a_path_win_over_variable_ones() -> None:
    search, one = route_for("GET", "/v1/invoices/search"), route_for("GET", "/v1/invoices/in_1")

    assert search is not None
    assert search.params_name == "InvoiceSearchParams"
    assert one is not None
    assert one.params_name == "InvoiceRetrieveParams"


def test_an_unknown_route_is_found_and_the_hosted_pages_own_are_tolerated() -> None:
    assert problems("POST", "/v1/invoices/in_1/charge") != []
    assert problems("DELETE", "/v1/invoices") != []
    assert problems("POST", "/v1/payment_pages/cs_1/confirm", {"payment_method": "pm"}) == []


def test_options_of_the_sdk_are_no_parameters() -> None:
    assert problems("GET", "/v1/customers/cus_1", {"api_key": "sk_test_1"}) == [
        "api_key: unknown parameter"
    ]


def test_no_break_of_any_request_escapes() -> None:
    escaped, tried = [], 0
    for route in all_routes():
        if route.params is None:
            continue
        whole = sample(route.params, depth=1)
        whole.pop("expand", None)
        path = route.pattern.replace("{", "").replace("}", "")
        assert problems(route.method, path, whole) == [], route
        for mutation in mutations(whole, fields_of(route.params)):
            tried += 1
            found = problems(route.method, path, mutation.broken)
            if not any(mutation.name in problem for problem in found):
                escaped.append(f"{route.method} {route.pattern}: {mutation.what}")

    assert escaped == []
    assert tried > 5_000


def test_a_form_is_read_with_its_groups_and_lists() -> None:
    assert decode_form("a=1&b[c]=2&b[d][0]=3&b[d][1]=4&e[]=5&e[]=6&f=") == {
        "a": "1",
        "b": {"c": "2", "d": {"0": "3", "1": "4"}},
        "e": {"0": "5", "1": "6"},
        "f": "",
    }


@pytest.mark.parametrize("form", ["a=1&a[b]=2", "a[b]=2&a=1", "a[b][c]=1&a[b]=2"])
def test_a_form_that_contradicts_itself_is_refused(form: str) -> None:
    with pytest.raises(UnreadableForm):
        decode_form(form)
