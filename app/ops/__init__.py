"""Running it: command line, worker, demo, health."""
