"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("fastline", deadline=None)  # no test is timed: machines are busy
settings.load_profile("fastline")
