"""Watchlists, favourites and ratings, and how lists of titles are marked by them."""
