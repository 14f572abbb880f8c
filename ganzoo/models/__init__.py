"""One file per objective; the file has the name of its zoo entry."""

from ganzoo.backend import require_tensorflow

require_tensorflow()
