"""What Stripe does by itself: charging, invoicing, renewing, retrying, ending."""
