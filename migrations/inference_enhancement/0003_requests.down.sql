DROP TABLE inference_enhancement.request_nodes;
DROP TABLE inference_enhancement.inference_requests;
DROP TABLE inference_enhancement.prompt_templates;
DROP TABLE inference_enhancement.models;
