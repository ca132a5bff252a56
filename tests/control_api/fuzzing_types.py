"""What schemathesis does not know by itself: how bodies of the types that only we have are sent."""

from __future__ import annotations

import schemathesis

from control_api.uploads.tus import OFFSET_TYPE

schemathesis.serializer.alias(OFFSET_TYPE, "application/octet-stream")
schemathesis.serializer.alias("text/csv", "application/octet-stream")
