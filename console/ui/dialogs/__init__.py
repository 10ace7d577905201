"""Dialogs: one question or one answer on top of a screen. Escape leaves each of them."""
