"""/v1/webhook_endpoints."""

from __future__ import annotations

from urllib.parse import urlsplit

from app.sandbox.acting import Act
from app.sandbox.api.listing import page
from app.sandbox.api.routing import delete, get, listed, post
from app.sandbox.apiversions import is_version
from app.sandbox.delivering import endpoint_with
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.params import (  # fmt: skip
    clearable,
    flag,
    listing,
    mapping,
    merge_metadata,
    record,
    text,
)

URL = "/v1/webhook_endpoints"
EVENTS = listing(text(longest=100), most=400)
CREATE = record(
    {"enabled_events!": EVENTS, "url!": text()},
    api_version=text(longest=40), connect=flag(), description=clearable(text()),
    metadata=mapping(),
)  # fmt: skip
UPDATE = record(
    description=clearable(text()), disabled=flag(), enabled_events=EVENTS, metadata=mapping(),
    url=text(),
)  # fmt: skip


def create(act: Act, params: Json) -> Json:
    """A new endpoint; its secret is shown here and never again."""
    secret = act.new_id("whsec_", 32)
    endpoint = new(act, params)
    endpoint_with(act, endpoint, secret)
    return endpoint | {"secret": secret}


def new(act: Act, params: Json) -> Json:
    """An endpoint, not yet kept."""
    version = params.get("api_version")
    if version is not None and not is_version(version):
        raise RequestFailed(f"Invalid Stripe API version: {version}", param="api_version")
    _check_url(params["url"])
    _check_events(params["enabled_events"])
    return {
        "id": act.new_id("we_1"),
        "object": "webhook_endpoint",
        "api_version": version,
        "application": None,
        "created": act.now,
        "description": params.get("description") or None,
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "status": "enabled",
        "url": params["url"],
    }


def retrieve(act: Act, params: Json, endpoint_id: str) -> Json:
    """One endpoint."""
    return act.get("webhook_endpoint", endpoint_id, status=404)


def index(act: Act, params: Json) -> Json:
    """Endpoints, newest first."""
    return page(act, "webhook_endpoint", URL, params)


def update(act: Act, params: Json, endpoint_id: str) -> Json:
    """Change what is given; the version stands."""
    endpoint = retrieve(act, {}, endpoint_id)
    changes: Json = {}
    if "url" in params:
        _check_url(params["url"])
        changes["url"] = params["url"]
    if "enabled_events" in params:
        _check_events(params["enabled_events"])
        changes["enabled_events"] = params["enabled_events"]
    if "disabled" in params:
        changes["status"] = "disabled" if params["disabled"] else "enabled"
    if "description" in params:
        changes["description"] = params["description"] or None
    if "metadata" in params:
        changes["metadata"] = merge_metadata(endpoint["metadata"], params["metadata"])
    return act.change(endpoint, **changes)


def remove(act: Act, params: Json, endpoint_id: str) -> Json:
    """Tell it nothing any more."""
    return act.delete(retrieve(act, {}, endpoint_id))


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RequestFailed(
            "Invalid URL: must be an http or https address.", code="url_invalid", param="url"
        )


def _check_events(events: list[str]) -> None:
    for event in events:
        if event != "*" and "." not in event:
            raise RequestFailed(f"Invalid enabled_events: {event}", param="enabled_events")
    if not events:
        raise RequestFailed(
            "Missing required param: enabled_events.", code="parameter_missing",
            param="enabled_events",
        )  # fmt: skip


ROUTES = [
    post(URL, create, CREATE),
    listed(URL, index),
    get(URL + "/{id}", retrieve),
    post(URL + "/{id}", update, UPDATE),
    delete(URL + "/{id}", remove),
]
