"""The deployment kit: from a trained model to a server, to clients and to many samples."""
