"""Numbers: one function a figure, with its definition."""
