"""The control plane: what manages the library, the channels and the audience. The engine runs without it."""
