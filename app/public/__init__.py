"""What anyone meets first: the ask, the texts."""
