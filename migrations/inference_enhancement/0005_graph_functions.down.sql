DROP FUNCTION inference_enhancement.neighbourhood(bigint, integer);
DROP VIEW inference_enhancement.knowledge_triples;
