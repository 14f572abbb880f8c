"""Base classes of all models: counted steps, two optimizers, averaged weights, methods to sample and to export."""
