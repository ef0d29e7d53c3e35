"""Where each layer is kept: a port a layer, with its adapters. The drivers are imported here and nowhere else."""
