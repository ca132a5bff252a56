"""Commands about the control API and about a station as a whole: a module for each, read when somebody asks for it.

The libraries of the database take a second to read, and most commands of Fastline have no use for them.
"""
