"""One file per objective; the file has the name of its zoo entry."""

from ganzoo.backend import prepare_tensorflow

prepare_tensorflow()
