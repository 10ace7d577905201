SELECT ag_catalog.drop_graph('event_network', true);
