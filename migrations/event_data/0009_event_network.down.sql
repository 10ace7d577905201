SELECT ag_catalog.drop_graph('event_network', true);
REVOKE USAGE ON SCHEMA ag_catalog FROM event_data_app, event_data_readonly, event_data_admin;
