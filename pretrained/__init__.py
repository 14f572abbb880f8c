"""The package ganzoo-pretrained: its sources, and the command that trains its exports and builds its wheel."""
