-- The default privileges belong to the schema and go with it.
DROP SCHEMA ui_testing;
