"""The analysis: what an endpoint needs, read once from its signature and frozen."""
