-- dbconsole: requires=platform/0004
-- Who speaks and pays, what about, and the four tables that join them to events.
CREATE TABLE event_data.companies (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    industry   text NOT NULL,
    website    event_data.web_url,
    founded    smallint CHECK (founded BETWEEN 1600 AND 2100),
    profile    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(profile) = 'object'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE event_data.companies IS 'Employers of speakers, sponsors and organisers of events';
COMMENT ON COLUMN event_data.companies.founded IS 'Year';

CREATE TABLE event_data.speakers (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    full_name  text NOT NULL CHECK (full_name <> ''),
    email      text UNIQUE CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    company_id bigint REFERENCES event_data.companies (id) ON DELETE SET NULL,
    job_title  text,
    biography  text NOT NULL DEFAULT '',
    links      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(links) = 'object'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX speakers_company_id_idx ON event_data.speakers (company_id);
COMMENT ON TABLE event_data.speakers IS 'People who speak at events';
COMMENT ON COLUMN event_data.speakers.links IS 'Profiles elsewhere: site name to address';

CREATE TABLE event_data.topics (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id   bigint REFERENCES event_data.topics (id) ON DELETE RESTRICT,
    name        text NOT NULL UNIQUE,
    description text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (parent_id <> id)
);
CREATE INDEX topics_parent_id_idx ON event_data.topics (parent_id);
COMMENT ON TABLE event_data.topics IS 'What events are about, as a tree';

CREATE TABLE event_data.event_speakers (
    event_id   bigint NOT NULL REFERENCES event_data.events (id) ON DELETE CASCADE,
    speaker_id bigint NOT NULL REFERENCES event_data.speakers (id) ON DELETE CASCADE,
    role       text NOT NULL DEFAULT 'speaker' CHECK (role IN ('keynote', 'speaker', 'panelist', 'moderator')),
    talk_title text,
    starts_at  timestamptz,
    PRIMARY KEY (event_id, speaker_id)
);
CREATE INDEX event_speakers_speaker_id_idx ON event_data.event_speakers (speaker_id, event_id);
COMMENT ON TABLE event_data.event_speakers IS 'Who speaks at which event, and about what';

CREATE TABLE event_data.event_companies (
    event_id     bigint NOT NULL REFERENCES event_data.events (id) ON DELETE CASCADE,
    company_id   bigint NOT NULL REFERENCES event_data.companies (id) ON DELETE CASCADE,
    relationship text NOT NULL CHECK (relationship IN ('organiser', 'sponsor', 'exhibitor', 'media_partner')),
    tier         text CHECK (tier IN ('platinum', 'gold', 'silver', 'bronze')),
    PRIMARY KEY (event_id, company_id, relationship),
    CONSTRAINT event_companies_sponsor_check CHECK (tier IS NULL OR relationship = 'sponsor')
);
CREATE INDEX event_companies_company_id_idx ON event_data.event_companies (company_id, event_id);
COMMENT ON TABLE event_data.event_companies IS 'Which company organises, sponsors or shows at which event';
COMMENT ON COLUMN event_data.event_companies.tier IS 'Of sponsors only';

CREATE TABLE event_data.event_topics (
    event_id  bigint NOT NULL REFERENCES event_data.events (id) ON DELETE CASCADE,
    topic_id  bigint NOT NULL REFERENCES event_data.topics (id) ON DELETE CASCADE,
    relevance real NOT NULL DEFAULT 1 CHECK (relevance > 0 AND relevance <= 1),
    PRIMARY KEY (event_id, topic_id)
);
CREATE INDEX event_topics_topic_id_idx ON event_data.event_topics (topic_id, relevance DESC);
COMMENT ON TABLE event_data.event_topics IS 'What an event is about, and how much';
COMMENT ON COLUMN event_data.event_topics.relevance IS 'Above 0, at most 1';

CREATE TABLE event_data.speaker_topics (
    speaker_id bigint NOT NULL REFERENCES event_data.speakers (id) ON DELETE CASCADE,
    topic_id   bigint NOT NULL REFERENCES event_data.topics (id) ON DELETE CASCADE,
    PRIMARY KEY (speaker_id, topic_id)
);
CREATE INDEX speaker_topics_topic_id_idx ON event_data.speaker_topics (topic_id);
COMMENT ON TABLE event_data.speaker_topics IS 'What a speaker is known for';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON event_data.companies
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON event_data.speakers
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON event_data.topics
    FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();
