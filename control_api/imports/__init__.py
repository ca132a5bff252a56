"""Imports: titles that others have listed, read from files, feeds and catalogs, and brought into the library."""
