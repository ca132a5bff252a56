"""From a source file to a published asset: probe, plan, encode, index, verify, publish."""
