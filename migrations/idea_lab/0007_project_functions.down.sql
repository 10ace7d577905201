DROP PROCEDURE idea_lab.archive_project(uuid);
DROP FUNCTION idea_lab.project_overview();
