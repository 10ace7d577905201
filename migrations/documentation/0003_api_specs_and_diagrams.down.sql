DROP TABLE documentation.generated_content;
DROP TABLE documentation.diagrams;
DROP TABLE documentation.api_endpoints;
DROP TABLE documentation.api_specs;
