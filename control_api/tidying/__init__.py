"""Tidying: what nobody needs any more goes, once a day, so that nothing grows for ever."""
