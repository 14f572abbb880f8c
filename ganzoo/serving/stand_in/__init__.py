"""A stand-in for a model server on loopback, for tests and for trying the guide's commands."""
