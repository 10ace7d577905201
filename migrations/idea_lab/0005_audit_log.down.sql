DROP TRIGGER audit ON idea_lab.exports;
DROP TRIGGER audit ON idea_lab.projects;
DROP TRIGGER audit ON idea_lab.users;
DROP FUNCTION idea_lab.write_audit_log();
DROP TABLE idea_lab.audit_log;
