"""How each object looks: pure functions that fill every field that the API declares."""
