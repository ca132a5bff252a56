"""Viewing: what plays now, what of it is kept, and what is to be watched on."""
