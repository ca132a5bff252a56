"""Ads from servers of others: asked, read, chosen, made assets, and counted where they aired (VAST, VMAP)."""
