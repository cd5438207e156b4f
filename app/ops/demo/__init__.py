"""The demo newsroom: fourteen months of readers, played through the product's own doors."""
