"""What holds for every test: nothing is timed, so a busy machine fails none."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("mailflow", deadline=None)
settings.load_profile("mailflow")
