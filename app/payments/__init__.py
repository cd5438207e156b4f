"""Our mirror of Stripe; knows no plan, no patron and no topic."""
