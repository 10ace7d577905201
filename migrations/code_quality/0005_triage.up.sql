-- Who decided what about a vulnerability. The application role may add decisions, not change or delete them.
CREATE TABLE code_quality.triage_decisions (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vulnerability_id bigint NOT NULL REFERENCES code_quality.vulnerabilities (id) ON DELETE CASCADE,
    old_status       text NOT NULL,
    new_status       text NOT NULL,
    reason           text NOT NULL DEFAULT '',
    decided_by       text NOT NULL DEFAULT session_user,
    decided_at       timestamptz NOT NULL DEFAULT now(),
    CHECK (old_status <> new_status)
);
CREATE INDEX triage_decisions_vulnerability_id_idx ON code_quality.triage_decisions (vulnerability_id, decided_at DESC);
COMMENT ON TABLE code_quality.triage_decisions IS
    'Every change of a vulnerability''s status; written by a trigger';
COMMENT ON COLUMN code_quality.triage_decisions.reason IS 'The setting code_quality.reason at that moment';

CREATE FUNCTION code_quality.record_triage() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO code_quality.triage_decisions (vulnerability_id, old_status, new_status, reason)
    VALUES (NEW.id, OLD.status, NEW.status, coalesce(current_setting('code_quality.reason', true), ''));
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION code_quality.record_triage() IS
    'AFTER UPDATE trigger on vulnerabilities: a line in triage_decisions';

CREATE TRIGGER record_triage AFTER UPDATE OF status ON code_quality.vulnerabilities
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION code_quality.record_triage();

REVOKE UPDATE, DELETE ON code_quality.triage_decisions FROM code_quality_app;
