"""From a compiled model and a pipeline to a trained one: optimizers, checkpoints, callbacks, the loop."""
