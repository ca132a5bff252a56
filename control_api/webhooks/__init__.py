"""Webhooks: servers of others that are told of events, by the scheme of Standard Webhooks."""
