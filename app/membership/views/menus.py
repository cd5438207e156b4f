"""What this room adds to the menus."""

from __future__ import annotations

from app.core.i18n import gettext as _
from app.core.web import nav

nav.add("footer", "membership.ask_to_stop", label=lambda: _("Stop a pledge"), order=20)
nav.add("account", "membership.account", label=lambda: _("My pledge"), order=10)
nav.add("account", "membership.payments", label=lambda: _("Payments"), order=20)
nav.add("account", "membership.consents", label=lambda: _("Name and consents"), order=30)
