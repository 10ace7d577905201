-- record: Graph
-- needs: extension age
-- interval: on demand
-- The graphs of Apache AGE. Each graph has the labels _ag_label_vertex and _ag_label_edge, which stand for "any".
SELECT
    g.graphid AS oid,
    g.name::text AS name,
    g.namespace::oid AS schema_oid,
    count(l.id) FILTER (WHERE l.kind = 'v' AND l.name <> '_ag_label_vertex') AS vertex_labels,
    count(l.id) FILTER (WHERE l.kind = 'e' AND l.name <> '_ag_label_edge') AS edge_labels
FROM :"age".ag_graph g
LEFT JOIN :"age".ag_label l ON l.graph = g.graphid
GROUP BY g.graphid, g.name, g.namespace
ORDER BY g.name
