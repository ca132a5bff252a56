"""Commands: a module for each, read when somebody asks for it; here are those that need a store and nothing else."""
