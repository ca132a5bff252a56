"""Profiles: who of an account watches, and what they are kept from."""
