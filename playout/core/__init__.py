"""The pure heart of the engine: no input or output, no clock, no third party.

Everything here is a value or a function from values to values. The time is always an argument.
"""
