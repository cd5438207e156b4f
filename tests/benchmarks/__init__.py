"""How fast it is beside the least that the same work could cost: `./dev bench`, docs/speed.md."""
