"""The tests; `./dev test` runs them."""
