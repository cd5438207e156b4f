"""What the newsroom sets by itself: name, time zone, languages, currencies, texts, rules."""
