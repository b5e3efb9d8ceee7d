"""The RPC dialect: one declarative table of entities, one codec for XML and JSON."""
