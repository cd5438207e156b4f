from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import stripe

from tests.contract.middleware import checked
from tests.sandbox.inprocess import stripe_client

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox
    from tests.contract.report import Report


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("429", stripe.RateLimitError),
        ("500", stripe.APIError),
        ("503", stripe.APIError),
        ("html200", stripe.APIError),
        ("half_json", stripe.APIError),
        ("refuse", stripe.APIConnectionError),
        ("silent", stripe.APIConnectionError),
        ("cut_after_execution", stripe.APIConnectionError),
    ],
)
def test_a_fault_happens_as_often_as_was_said(
    kind: str, error: type[Exception], sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    sandbox.fault(kind, path="/v1/customers", requests=2)
    for _ in range(2):
        with pytest.raises(error):
            client.v1.customers.create({})

    assert client.v1.customers.create({}).id.startswith("cus_")


def test_an_answer_that_was_cut_is_had_with_the_same_key(
    sandbox: WiredSandbox, contract_report: Report
) -> None:
    client = stripe_client(checked(sandbox.wsgi, contract_report), max_network_retries=2)
    sandbox.fault("cut_after_execution", path="/v1/customers")
    made = client.v1.customers.create({"name": "Ann"})

    assert [one.id for one in client.v1.customers.list().data] == [made.id]


def test_a_slow_answer_comes_late(sandbox: WiredSandbox, client: stripe.StripeClient) -> None:
    sandbox.fault("slow", seconds=0.2)
    start = time.monotonic()
    client.v1.customers.list()

    assert time.monotonic() - start >= 0.2


def test_faults_are_for_their_path_and_can_be_taken_back(
    sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    sandbox.fault("500", path="/v1/invoices", requests=100)
    client.v1.customers.list()
    with pytest.raises(stripe.APIError):
        client.v1.invoices.list()
    sandbox.clear_faults()

    client.v1.invoices.list()


def test_a_fault_does_not_hold_up_others(
    sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    import threading

    sandbox.fault("slow", path="/v1/invoices", seconds=1.0)
    slow = threading.Thread(target=client.v1.invoices.list)
    slow.start()
    start = time.monotonic()
    client.v1.customers.list()

    assert time.monotonic() - start < 0.8
    slow.join()
