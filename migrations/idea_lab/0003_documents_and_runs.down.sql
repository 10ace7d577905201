DROP TABLE idea_lab.exports;
DROP TABLE idea_lab.agent_executions;
DROP TABLE idea_lab.document_versions;
