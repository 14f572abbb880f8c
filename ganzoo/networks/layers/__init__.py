"""The pieces that network families are made of."""
