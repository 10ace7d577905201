DROP TABLE inference_enhancement.knowledge_edges;
DROP TABLE inference_enhancement.knowledge_nodes;
DROP TYPE inference_enhancement.node_kind;
