"""The deployment guide, and the commands of `ganzoo.serving` by the names that they have had in a checkout."""
