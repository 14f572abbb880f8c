"""A trained model as a SavedModel: signatures that check their inputs, sample and reject in the graph."""
