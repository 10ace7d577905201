"""Schemas: the tree of services, schemas and objects, and all about the one under the cursor."""
