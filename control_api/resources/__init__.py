"""The resources: a module for each, with its operations."""

from control_api.resources import (
    accounts,
    api_keys,
    audit,
    channels,
    events,
    health,
    invitations,
    jobs,
    media,
    own_account,
    programming,
    reference,
    sign_in,
    sign_in_aliases,
    titles,
    tus,
    uploads,
    webhooks,
)

RESOURCES = (
    *titles.OPERATIONS,
    *events.OPERATIONS,
    *webhooks.OPERATIONS,
    *uploads.OPERATIONS,
    *tus.OPERATIONS,
    *media.OPERATIONS,
    *jobs.OPERATIONS,
    *channels.OPERATIONS,
    *sign_in.OPERATIONS,
    *own_account.OPERATIONS,
    *accounts.OPERATIONS,
    *invitations.OPERATIONS,
    *programming.OPERATIONS,
    *api_keys.OPERATIONS,
    *audit.OPERATIONS,
    *health.OPERATIONS,
    *reference.OPERATIONS,
    *sign_in_aliases.OPERATIONS,
)
"""Every operation of the API, in the order in which the reference has them."""
