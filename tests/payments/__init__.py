"""Tests of our mirror of Stripe."""
