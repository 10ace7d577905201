-- Who changed what. The trigger function runs with its owner's rights, so that a service that writes rows needs no right
-- to write, and so to forge, the log.
CREATE TABLE idea_lab.audit_log (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurred_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    table_name    text NOT NULL,
    operation     text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE')),
    row_id        uuid NOT NULL,
    user_id       uuid,
    database_role text NOT NULL DEFAULT session_user,
    old_row       jsonb,
    new_row       jsonb,
    CONSTRAINT audit_log_rows_check CHECK ((old_row IS NULL) = (operation = 'INSERT')
                                           AND (new_row IS NULL) = (operation = 'DELETE'))
);
CREATE INDEX audit_log_row_idx ON idea_lab.audit_log (table_name, row_id, occurred_at DESC);
CREATE INDEX audit_log_user_idx ON idea_lab.audit_log (user_id, occurred_at DESC) WHERE user_id IS NOT NULL;
CREATE INDEX audit_log_occurred_at_idx ON idea_lab.audit_log USING brin (occurred_at);
COMMENT ON TABLE idea_lab.audit_log IS
    'Every change of users, projects and exports; written by triggers, never changed';
COMMENT ON COLUMN idea_lab.audit_log.user_id IS
    'The setting idea_lab.user_id at that moment; without foreign key: outlives users';
COMMENT ON COLUMN idea_lab.audit_log.new_row IS 'Of an update: the changed columns only';
COMMENT ON COLUMN idea_lab.audit_log.old_row IS 'Of an update: the changed columns only';

REVOKE INSERT, UPDATE, DELETE ON idea_lab.audit_log FROM idea_lab_app;

CREATE FUNCTION idea_lab.write_audit_log() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    old_values jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_values jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    id uuid := coalesce(new_values, old_values) ->> 'id';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, n.value)
        INTO old_values, new_values
        FROM jsonb_each(old_values) AS o
        JOIN jsonb_each(new_values) AS n USING (key)
        WHERE o.value IS DISTINCT FROM n.value AND key <> 'updated_at';
        IF old_values IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO idea_lab.audit_log (table_name, operation, row_id, user_id, old_row, new_row)
    VALUES (TG_TABLE_NAME, TG_OP, id, nullif(current_setting('idea_lab.user_id', true), '')::uuid,
            old_values, new_values);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION idea_lab.write_audit_log() IS
    'AFTER row trigger: one line in audit_log, none for an update that changes nothing';
REVOKE EXECUTE ON FUNCTION idea_lab.write_audit_log() FROM PUBLIC, idea_lab_app;

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON idea_lab.users
    FOR EACH ROW EXECUTE FUNCTION idea_lab.write_audit_log();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON idea_lab.projects
    FOR EACH ROW EXECUTE FUNCTION idea_lab.write_audit_log();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON idea_lab.exports
    FOR EACH ROW EXECUTE FUNCTION idea_lab.write_audit_log();
