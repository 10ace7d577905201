-- dbconsole: requires-extension=age
-- Optional: who appears with whom, as an Apache AGE graph. AGE keeps a graph in a schema of the graph's name, with one
-- table per label. A session that asks in Cypher needs AGE's library (session_preload_libraries = 'age') and
-- ag_catalog in its search_path.
SELECT ag_catalog.create_graph('event_network');
SELECT ag_catalog.create_vlabel('event_network', 'Event');
SELECT ag_catalog.create_vlabel('event_network', 'Speaker');
SELECT ag_catalog.create_vlabel('event_network', 'Company');
SELECT ag_catalog.create_vlabel('event_network', 'Topic');
SELECT ag_catalog.create_elabel('event_network', 'SPEAKS_AT');
SELECT ag_catalog.create_elabel('event_network', 'WORKS_FOR');
SELECT ag_catalog.create_elabel('event_network', 'SPONSORS');
SELECT ag_catalog.create_elabel('event_network', 'ABOUT');

COMMENT ON SCHEMA event_network IS
    'Apache AGE graph: events, speakers, companies, topics and how they are connected';
GRANT USAGE ON SCHEMA ag_catalog TO event_data_app, event_data_readonly, event_data_admin;
GRANT USAGE ON SCHEMA event_network TO event_data_app, event_data_readonly;
GRANT ALL ON SCHEMA event_network TO event_data_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA event_network TO event_data_app;
GRANT SELECT ON ALL TABLES IN SCHEMA event_network TO event_data_readonly;
GRANT ALL ON ALL TABLES IN SCHEMA event_network TO event_data_admin;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA event_network TO event_data_app;
