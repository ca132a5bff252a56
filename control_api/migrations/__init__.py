"""The migrations of the database. `python -m control_api.migrations "add titles"` drafts the next one."""
