-- dbconsole: requires=platform/0004
CREATE TYPE event_data.event_format AS ENUM ('in_person', 'online', 'hybrid');
COMMENT ON TYPE event_data.event_format IS 'Where the audience is';

CREATE DOMAIN event_data.web_url AS text CHECK (VALUE ~ '^https?://[^[:space:]]+$');
COMMENT ON DOMAIN event_data.web_url IS 'An absolute http or https address';

CREATE TABLE event_data.venues (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    city         text NOT NULL,
    country_code text NOT NULL CHECK (country_code ~ '^[A-Z]{2}$'),
    time_zone    text NOT NULL DEFAULT 'UTC',
    capacity     integer CHECK (capacity > 0),
    latitude     double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude    double precision CHECK (longitude BETWEEN -180 AND 180),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (name, city, country_code),
    CHECK ((latitude IS NULL) = (longitude IS NULL))
);
COMMENT ON TABLE event_data.venues IS 'Places where events happen; online events have none';
COMMENT ON COLUMN event_data.venues.country_code IS 'ISO 3166-1 alpha-2';
COMMENT ON COLUMN event_data.venues.capacity IS 'People, in the largest room';

CREATE TABLE event_data.events (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug          text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name          text NOT NULL CHECK (name <> ''),
    description   text NOT NULL DEFAULT '',
    format        event_data.event_format NOT NULL DEFAULT 'in_person',
    status        text NOT NULL DEFAULT 'announced'
                  CHECK (status IN ('draft', 'announced', 'confirmed', 'cancelled', 'finished')),
    venue_id      bigint REFERENCES event_data.venues (id) ON DELETE SET NULL,
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    url           event_data.web_url,
    ticket_price  numeric(10, 2) CHECK (ticket_price >= 0),
    currency      text CHECK (currency ~ '^[A-Z]{3}$'),
    attributes    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
    search        tsvector NOT NULL GENERATED ALWAYS AS (
                      setweight(to_tsvector('pg_catalog.english', name), 'A')
                      || setweight(to_tsvector('pg_catalog.english', description), 'B')) STORED,
    during        tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(starts_at, ends_at, '[)')) STORED,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT events_period_check CHECK (ends_at > starts_at),
    CONSTRAINT events_price_check CHECK (ticket_price IS NULL OR currency IS NOT NULL)
);
CREATE INDEX events_starts_at_idx ON event_data.events (starts_at, id);
CREATE INDEX events_venue_id_starts_at_idx ON event_data.events (venue_id, starts_at);
CREATE INDEX events_upcoming_idx ON event_data.events (starts_at) WHERE status IN ('announced', 'confirmed');
COMMENT ON TABLE event_data.events IS 'Conferences, meetups, workshops and talks';
COMMENT ON COLUMN event_data.events.ticket_price IS
    'Regular price in currency (ISO 4217); NULL when not known, 0 when free';
COMMENT ON COLUMN event_data.events.attributes IS
    'What only some events have: call for papers, recording, hashtags...';
COMMENT ON COLUMN event_data.events.search IS 'Full text: name weighs A, description B';
COMMENT ON COLUMN event_data.events.during IS 'starts_at to ends_at, for overlap (&&)';
COMMENT ON INDEX event_data.events_upcoming_idx IS 'The calendar: what is still to come';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON event_data.venues
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON event_data.events
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
