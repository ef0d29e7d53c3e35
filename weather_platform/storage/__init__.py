"""The stores of each layer: one port per layer, with its adapters. Drivers are imported only here."""
