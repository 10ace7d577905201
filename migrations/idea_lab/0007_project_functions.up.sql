-- Both run with the caller's rights, so row-level security holds in them.
CREATE FUNCTION idea_lab.project_overview()
RETURNS TABLE (project_id uuid, title text, status idea_lab.project_status, documents bigint, latest_change timestamptz,
               executions bigint, failed bigint, tokens bigint)
LANGUAGE sql STABLE
AS $$
    SELECT p.id, p.title, p.status,
           (SELECT count(DISTINCT d.document_type) FROM idea_lab.document_versions AS d WHERE d.project_id = p.id),
           greatest(p.updated_at,
                    (SELECT max(d.created_at) FROM idea_lab.document_versions AS d WHERE d.project_id = p.id)),
           x.executions, x.failed, x.tokens
    FROM idea_lab.projects AS p
    CROSS JOIN LATERAL (
        SELECT count(*), count(*) FILTER (WHERE e.status = 'failed'), coalesce(sum(e.input_tokens + e.output_tokens), 0)
        FROM idea_lab.agent_executions AS e
        WHERE e.project_id = p.id
    ) AS x (executions, failed, tokens)
$$;
COMMENT ON FUNCTION idea_lab.project_overview() IS
    'The projects that the caller may see, with documents, agent runs and tokens';

CREATE PROCEDURE idea_lab.archive_project(project uuid)
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE idea_lab.projects SET status = 'archived', archived_at = now() WHERE id = project AND status <> 'archived';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'project % is not there, not yours or archived already', project USING ERRCODE = 'no_data_found';
    END IF;
    UPDATE idea_lab.agent_executions SET status = 'cancelled', finished_at = now()
    WHERE project_id = project AND status = 'queued' AND started_at IS NULL;
    UPDATE idea_lab.exports SET status = 'expired' WHERE project_id = project AND status = 'pending';
END
$$;
COMMENT ON PROCEDURE idea_lab.archive_project(uuid) IS
    'Archives a project, cancels its queued agent runs and pending exports';
