"""An export in this process, behind the interface of a served model."""

import numpy as np

from ganzoo.errors import GanzooError
from ganzoo.serving.connection import Connection, Refused, Signature, Spec
from ganzoo.serving.exported import Exported


class InProcess(Connection):
    """A connection to an export in this process.

    Args:
        exported: the loaded export.
    """

    def __init__(self, exported: Exported):
        super().__init__("this process", exported.path.parent.name)
        self._exported = exported

    def _ask_signatures(self, seconds: float) -> dict[str, Signature]:
        def outputs(tensors) -> dict[str, Spec]:
            return {name: Spec(np.dtype(x.dtype.as_numpy_dtype), tuple(x.shape)) for name, x in tensors.items()}

        return {
            name: Signature(self._exported.specs(name), outputs(call.structured_outputs))
            for name, call in self._exported.signatures.items()
        }

    def _ask(self, signature: str, arrays: dict[str, np.ndarray], seconds: float) -> dict[str, np.ndarray]:
        try:
            return self._exported.call(signature, arrays)
        except GanzooError as error:
            raise Refused(str(error)) from error
