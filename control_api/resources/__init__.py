"""The resources: a module for each, with its operations."""

from control_api.resources import api_keys, audit, channels, events, health, jobs, media, reference, titles, tus, uploads, webhooks

RESOURCES = (
    *titles.OPERATIONS,
    *events.OPERATIONS,
    *webhooks.OPERATIONS,
    *uploads.OPERATIONS,
    *tus.OPERATIONS,
    *media.OPERATIONS,
    *jobs.OPERATIONS,
    *channels.OPERATIONS,
    *api_keys.OPERATIONS,
    *audit.OPERATIONS,
    *health.OPERATIONS,
    *reference.OPERATIONS,
)
"""Every operation of the API, in the order in which the reference has them."""
