"""What a database holds: schemas, relations, routines, types, roles; their details, their DDL and their rows."""
