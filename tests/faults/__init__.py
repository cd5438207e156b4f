"""What the product survives: processes that are killed at any moment, as real processes."""
