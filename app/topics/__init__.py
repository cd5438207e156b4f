"""Voting: proposing, rounds, ballots, counting, publishing."""
