"""People who can sign in, readers and staff."""
