"""Losses and penalties: small pure functions on tensors."""
