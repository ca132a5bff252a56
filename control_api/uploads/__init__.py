"""Uploads: bytes that come in by tus, by a form or by a link, and end as one file in quarantine."""
