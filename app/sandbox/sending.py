"""Sending a signed event over HTTP, to this machine only."""

from __future__ import annotations

import http.client
import ipaddress
from urllib.parse import urlsplit

TIMEOUT = 5.0


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def send(url: str, headers: dict[str, str], body: bytes) -> int:
    """Post the body; returns the status, or 0 where there was no answer in time.

    The sandbox never speaks to another machine: such an address counts as no answer.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
        return 0
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT)
    try:
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        connection.request("POST", target, body=body, headers=headers)
        response = connection.getresponse()
        response.read(65_536)
        return response.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
