CREATE VIEW inference_enhancement.knowledge_triples AS
SELECT e.id AS edge_id, s.name AS subject, e.relation, t.name AS object, e.weight,
       e.weight * s.confidence * t.confidence AS confidence
FROM inference_enhancement.knowledge_edges AS e
JOIN inference_enhancement.knowledge_nodes AS s ON s.id = e.source_id
JOIN inference_enhancement.knowledge_nodes AS t ON t.id = e.target_id;
COMMENT ON VIEW inference_enhancement.knowledge_triples IS 'The knowledge graph as subject, relation, object';

CREATE FUNCTION inference_enhancement.neighbourhood(start_id bigint, max_hops integer DEFAULT 2)
RETURNS TABLE (node_id bigint, hops integer)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH RECURSIVE reached (node_id, hops) AS (
        SELECT start_id, 0
        UNION
        SELECT CASE WHEN e.source_id = r.node_id THEN e.target_id ELSE e.source_id END, r.hops + 1
        FROM reached AS r
        JOIN inference_enhancement.knowledge_edges AS e ON r.node_id IN (e.source_id, e.target_id)
        WHERE r.hops < max_hops
    )
    SELECT node_id, min(hops) FROM reached GROUP BY node_id
$$;
COMMENT ON FUNCTION inference_enhancement.neighbourhood(bigint, integer) IS
    'Nodes within so many hops, edges followed both ways, with the shortest number of hops';
