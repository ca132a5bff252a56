"""The events of the air: what the logs in the store say has happened on air, told in the list of events."""
