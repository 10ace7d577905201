-- dbconsole: lock-timeout=3s
-- An agent's own memories only: SET LOCAL memory_store.agent_id = '...'. Without it the application role sees none.
ALTER TABLE memory_store.memories ENABLE ROW LEVEL SECURITY;
ALTER TABLE memory_store.memory_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE memory_store.memory_accesses ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_memories ON memory_store.memories TO memory_store_app
    USING (agent_id = nullif(current_setting('memory_store.agent_id', true), '')::uuid);
-- The policy of memories holds in these subqueries.
CREATE POLICY links_of_own_memories ON memory_store.memory_links TO memory_store_app
    USING (source_id IN (SELECT id FROM memory_store.memories) AND target_id IN (SELECT id FROM memory_store.memories));
CREATE POLICY accesses_of_own_memories ON memory_store.memory_accesses TO memory_store_app
    USING (memory_id IN (SELECT id FROM memory_store.memories));

CREATE POLICY administration ON memory_store.memories TO memory_store_admin USING (true);
CREATE POLICY administration ON memory_store.memory_links TO memory_store_admin USING (true);
CREATE POLICY administration ON memory_store.memory_accesses TO memory_store_admin USING (true);
CREATE POLICY reporting ON memory_store.memories FOR SELECT TO memory_store_readonly USING (true);
CREATE POLICY reporting ON memory_store.memory_links FOR SELECT TO memory_store_readonly USING (true);
CREATE POLICY reporting ON memory_store.memory_accesses FOR SELECT TO memory_store_readonly USING (true);
