DROP TABLE idea_lab.projects;
DROP TABLE idea_lab.users;
DROP TYPE idea_lab.project_status;
