"""The console's screens: the only package that imports textual, rich and plotext."""
