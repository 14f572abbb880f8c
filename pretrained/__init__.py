"""The package ganzoo-pretrained: its sources, and the command that trains its exports and builds its wheel."""

import ganzoo  # noqa: F401 - before the command imports TensorFlow, which it tunes
