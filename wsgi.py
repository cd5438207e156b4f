"""The application, for a web server and for `flask --app wsgi`."""

from __future__ import annotations

import sys

from app import create_app
from app.core.settings import BadEnvironment

try:
    app = create_app()
except BadEnvironment as error:
    sys.exit(str(error))
