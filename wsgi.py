"""The application, for a web server and for `flask --app wsgi`."""

from __future__ import annotations

import os
import sys

from app import create_app
from app.core.settings import BadEnvironment, load_settings
from app.ops.clocks import clock_for

try:
    settings = load_settings()
    if "FLASK_RUN_FROM_CLI" not in os.environ:
        settings.check_serving()
    app = create_app(settings, clock=clock_for(settings))
except BadEnvironment as error:
    sys.exit(str(error))
