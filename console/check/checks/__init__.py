"""One file a check, named after it, holding `CHECK`; a new file is a new check, nothing else needs to know of it."""
