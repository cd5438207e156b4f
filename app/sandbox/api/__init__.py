"""The API under /v1: one module per resource, and what answers for all of them."""
