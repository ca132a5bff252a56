"""The demo library: made up, drawn, and the same each time for one seed."""
