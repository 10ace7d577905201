CREATE FUNCTION documentation.keep_revision() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO documentation.document_revisions (document_id, revision, title, body)
    VALUES (OLD.id, OLD.revision, OLD.title, OLD.body);
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION documentation.keep_revision() IS
    'BEFORE UPDATE trigger: keeps what a new title or body replaces';

CREATE TRIGGER keep_revision BEFORE UPDATE OF title, body ON documentation.documents
    FOR EACH ROW WHEN (OLD.title IS DISTINCT FROM NEW.title OR OLD.body IS DISTINCT FROM NEW.body)
    EXECUTE FUNCTION documentation.keep_revision();

CREATE VIEW documentation.coverage AS
SELECT p.slug AS project,
       (SELECT count(*) FROM documentation.documents AS d
        WHERE d.project_id = p.id AND d.status = 'published') AS published,
       (SELECT count(*) FROM documentation.documents AS d
        WHERE d.project_id = p.id AND d.status = 'outdated') AS outdated,
       e.endpoints, e.documented, round(100.0 * e.documented / nullif(e.endpoints, 0), 1) AS documented_percent
FROM documentation.projects AS p
CROSS JOIN LATERAL (
    SELECT count(*), count(e.document_id)
    FROM documentation.api_specs AS s
    JOIN documentation.api_endpoints AS e ON e.api_spec_id = s.id
    WHERE s.project_id = p.id AND s.is_current AND NOT e.is_deprecated
) AS e (endpoints, documented);
COMMENT ON VIEW documentation.coverage IS 'How much of each project is documented';
