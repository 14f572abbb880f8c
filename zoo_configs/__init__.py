"""The recipes of the zoo: one `get_config` per entry."""
