"""log p_data/p_g of a trained model: what rejection sampling accepts by."""
