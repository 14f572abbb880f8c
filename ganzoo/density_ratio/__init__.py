"""Estimates log p_data/p_g of a trained model, which decides what rejection sampling accepts."""
