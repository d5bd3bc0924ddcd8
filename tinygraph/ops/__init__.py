"""The ops: one declaration each, by kind."""
