DROP VIEW documentation.coverage;
DROP TRIGGER keep_revision ON documentation.documents;
DROP FUNCTION documentation.keep_revision();
