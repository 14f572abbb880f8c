"""What every model of the zoo is: counted steps, two optimizers, averaged weights, methods to sample and to export."""
