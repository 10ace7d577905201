"""The objects of a database: the tree, their tables and facts, and the values of rows."""
