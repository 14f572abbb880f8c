"""Many samples from an export, in shards that appear whole."""
