"""/v1/products and /v1/prices, and prices given inline by other requests."""

from __future__ import annotations

from decimal import Decimal

from app.sandbox.acting import Act
from app.sandbox.api.listing import page
from app.sandbox.api.routing import delete, get, listed, post
from app.sandbox.currencies import LARGEST, check_currency, check_step
from app.sandbox.errors import Json, RequestFailed, missing
from app.sandbox.params import (  # fmt: skip
    CREATED,
    RECURRING,
    Reader,
    clearable,
    decimal,
    flag,
    listing,
    mapping,
    merge_metadata,
    one_of,
    record,
    text,
    whole,
)
from app.sandbox.shapes import catalog

AMOUNT: dict[str, Reader] = {
    "currency!": text(longest=3),
    "unit_amount": whole(least=0, most=LARGEST),
    "unit_amount_decimal": decimal(),
    "tax_behavior": one_of("exclusive", "inclusive", "unspecified"),
}
PRODUCT_DATA = record(
    {"name!": text(longest=250)}, description=text(), images=listing(text(), most=8),
    metadata=mapping(), unit_label=text(longest=12), statement_descriptor=text(longest=22),
    tax_code=text(),
)  # fmt: skip
INLINE = record(AMOUNT, product=text(), product_data=PRODUCT_DATA, recurring=record(RECURRING))
PRODUCT: dict[str, Reader] = {
    "active": flag(),
    "description": text(empty=True),
    "images": listing(text(), most=8),
    "metadata": mapping(),
    "shippable": flag(),
    "statement_descriptor": text(longest=22),
    "tax_code": text(empty=True),
    "unit_label": text(longest=12, empty=True),
    "url": text(empty=True),
}


def create_product(act: Act, params: Json) -> Json:
    """A new product; a given id must be free."""
    if "id" in params and act.find(params["id"]) is not None:
        raise RequestFailed(
            f"Product already exists: {params['id']}", code="resource_already_exists", param="id"
        )
    return act.add(_product(act, params), "product.created")


def retrieve_product(act: Act, params: Json, product_id: str) -> Json:
    """One product, or the note that it was deleted."""
    found = act.find(product_id)
    if found is None or found["object"] != "product":
        raise missing("product", product_id, param="id", status=404)
    return found


def update_product(act: Act, params: Json, product_id: str) -> Json:
    """Change what is given."""
    product = act.get("product", product_id, status=404)
    changes: Json = {k: (None if v == "" else v) for k, v in params.items() if k != "metadata"}
    if "default_price" in changes:
        act.get("price", changes["default_price"], param="default_price")
    if "metadata" in params:
        changes["metadata"] = merge_metadata(product["metadata"], params["metadata"])
    if changes:
        changes["updated"] = act.now
    return act.change(product, "product.updated", **changes)


def delete_product(act: Act, params: Json, product_id: str) -> Json:
    """Delete a product that no price names."""
    product = act.get("product", product_id, status=404)
    if act.where("price", parent=product_id):
        raise RequestFailed(
            "This product cannot be deleted because it has one or more user-created prices."
        )
    return act.delete(product, "product.deleted")


def list_products(act: Act, params: Json) -> Json:
    """Products, newest first."""

    def keep(product: Json) -> bool:
        return (params.get("active") in (None, product["active"])) and (
            "ids" not in params or product["id"] in params["ids"]
        )

    return page(act, "product", "/v1/products", params, keep=keep)


def create_price(act: Act, params: Json) -> Json:
    """A new price of a product."""
    price = inline(act, params)
    given = {k: params[k] for k in ("active", "lookup_key", "nickname") if k in params}
    price |= {"active": True} | given
    price["metadata"] = merge_metadata({}, params.get("metadata"))
    return act.put(price, "price.created")


def retrieve_price(act: Act, params: Json, price_id: str) -> Json:
    """One price."""
    return act.get("price", price_id, status=404)


def update_price(act: Act, params: Json, price_id: str) -> Json:
    """Change what is given; the amount of a price stands for ever."""
    price = act.get("price", price_id, status=404)
    changes = {k: v for k, v in params.items() if k != "metadata"}
    if "metadata" in params:
        changes["metadata"] = merge_metadata(price["metadata"], params["metadata"])
    return act.change(price, "price.updated", **changes)


def list_prices(act: Act, params: Json) -> Json:
    """Prices, newest first."""

    def keep(price: Json) -> bool:
        recurring = params.get("recurring", {}).get("interval")
        return (
            params.get("active") in (None, price["active"])
            and params.get("currency") in (None, price["currency"])
            and (recurring is None or (price["recurring"] or {}).get("interval") == recurring)
            and ("lookup_keys" not in params or price["lookup_key"] in params["lookup_keys"])
        )

    return page(
        act, "price", "/v1/prices", params, keep=keep,
        parent=params.get("product"), status=params.get("type"),
    )  # fmt: skip


def inline(act: Act, given: Json, *, param: str = "") -> Json:
    """Make and keep the price that ``price_data`` describes, with its product if it is new."""

    def full(name: str) -> str:
        return f"{param}[{name}]" if param else name

    currency = check_currency(given["currency"], param=full("currency"))
    amount = _amount(given, full("unit_amount"))
    check_step(amount, currency, param=full("unit_amount"))
    if ("product" in given) == ("product_data" in given):
        raise RequestFailed(
            f"You must specify either {full('product')} or {full('product_data')}.",
            param=full("product"),
        )
    if "product" in given:
        product = act.get("product", given["product"], param=full("product"))
        if not product["active"]:
            raise RequestFailed(
                f"The product {product['id']} is marked as inactive.", param=full("product")
            )
    else:
        product = act.add(_product(act, given["product_data"]))
    price = catalog.price(
        act,
        product=product["id"],
        currency=currency,
        unit_amount=amount,
        recurring=given.get("recurring"),
        active=False,
        tax_behavior=given.get("tax_behavior", "unspecified"),
    )
    return act.add(price)


def _product(act: Act, given: Json) -> Json:
    fields: Json = {k: (None if v == "" else v) for k, v in given.items() if k != "metadata"}
    fields["metadata"] = merge_metadata({}, given.get("metadata"))
    fields.pop("expand", None)
    return catalog.product(act, fields.pop("name"), **fields)


def _amount(given: Json, param: str) -> int:
    if ("unit_amount" in given) == ("unit_amount_decimal" in given):
        raise RequestFailed(
            f"You must specify either {param} or {param}_decimal.",
            code="parameter_missing",
            param=param,
        )
    if "unit_amount" in given:
        return int(given["unit_amount"])
    exact: Decimal = given["unit_amount_decimal"]
    if exact != exact.to_integral_value() or not 0 <= exact <= LARGEST:
        raise RequestFailed(
            f"The sandbox bills whole minor units: {exact}", param=param + "_decimal"
        )
    return int(exact)


ROUTES = [
    post("/v1/products", create_product, record(PRODUCT | {"name!": text(), "id": text()})),
    listed("/v1/products", list_products, created=CREATED, active=flag(), ids=listing(text())),
    get("/v1/products/{id}", retrieve_product),
    post("/v1/products/{id}", update_product, record(PRODUCT, name=text(), default_price=text())),
    delete("/v1/products/{id}", delete_product),
    post(
        "/v1/prices", create_price,
        record(
            AMOUNT, active=flag(), lookup_key=text(longest=200), metadata=mapping(),
            nickname=text(), product=text(), product_data=PRODUCT_DATA,
            recurring=record(RECURRING),
        ),
    ),
    listed(
        "/v1/prices", list_prices, created=CREATED, active=flag(), currency=text(),
        lookup_keys=listing(text()), product=text(), type=one_of("one_time", "recurring"),
        recurring=record(interval=one_of("day", "month", "week", "year")),
    ),
    get("/v1/prices/{id}", retrieve_price),
    post(
        "/v1/prices/{id}", update_price,
        record(
            active=flag(), lookup_key=text(longest=200), metadata=mapping(),
            nickname=clearable(text()),
            tax_behavior=one_of("exclusive", "inclusive", "unspecified"),
        ),
    ),
]  # fmt: skip
