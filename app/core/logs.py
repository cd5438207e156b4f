"""Logs: one line an event, readable in development, JSON in production; no names, no secrets."""

from __future__ import annotations

import logging
import sys

import structlog

from app.core.settings import Settings


def configure(settings: Settings) -> None:
    """Set up structlog and the standard library's logging to one stream."""
    level = getattr(logging, settings.log_level)
    last = (
        structlog.processors.JSONRenderer()
        if settings.app_env == "production"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info
            if settings.app_env == "production"
            else structlog.processors.ExceptionPrettyPrinter(sys.stderr),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, force=True)
