"""The check of our Stripe traffic against the official SDK's own types.

Nothing here is mocked or copied: what a request may carry and what an object must look like
is read from the installed ``stripe`` package, so raising its version raises the contract.
"""
