-- Campaigns, their changes and history, their lists of members, and what is still to be told to other services.
-- Ids are 16 bytes big-endian; instants are Unix milliseconds; a document is the whole campaign as JSON (MessageJson), the other columns repeat what is searched by.

-- version: the one that stands. last_version: the highest that any change was ever given. A version that a gate may have seen is never used twice,
-- so a change that the gate refused leaves a gap. names: both names, lower-case, for searches.
CREATE TABLE campaign (
    id ${binary16} NOT NULL PRIMARY KEY,
    version ${int} NOT NULL,
    last_version ${int} NOT NULL,
    phase VARCHAR(16) NOT NULL,
    rehearsal ${bool} NOT NULL,
    opens_at ${bigint} NOT NULL,
    closes_at ${bigint} NOT NULL,
    names VARCHAR(500) NOT NULL,
    audience_list_version ${int} NOT NULL,
    document ${json} NOT NULL
);
CREATE INDEX campaign_window ON campaign (opens_at, id);

-- A change that the gate must learn before it is true. One a campaign: the row is the lock.
-- attempt counts orders sent to the gate; whoever raised it last may settle the change. leased_until: until then that order may be under way.
-- due_at: when the sweep tries again.
CREATE TABLE campaign_change (
    campaign_id ${binary16} NOT NULL PRIMARY KEY,
    version ${int} NOT NULL,
    action VARCHAR(24) NOT NULL,
    actor_id ${binary16} NOT NULL,
    ordered_at ${bigint} NOT NULL,
    audience_list_version ${int} NOT NULL,
    document ${json} NOT NULL,
    attempt ${int} NOT NULL,
    leased_until ${bigint} NOT NULL,
    due_at ${bigint} NOT NULL
);
CREATE INDEX campaign_change_due ON campaign_change (due_at);

-- The audit: every version that ever stood. What stood before is the document of the version before it.
-- audience_members: how many members the list has that this version brought; null for other changes.
CREATE TABLE campaign_history (
    campaign_id ${binary16} NOT NULL,
    version ${int} NOT NULL,
    action VARCHAR(24) NOT NULL,
    actor_id ${binary16} NOT NULL,
    ordered_at ${bigint} NOT NULL,
    applied_at ${bigint} NOT NULL,
    audience_members ${int} NULL,
    document ${json} NOT NULL,
    PRIMARY KEY (campaign_id, version)
);

-- Campaigns whose present version is not yet in the topic campaign.changed. A later version takes the place of an earlier one: receivers want the latest only.
CREATE TABLE campaign_outbox (
    campaign_id ${binary16} NOT NULL PRIMARY KEY,
    version ${int} NOT NULL,
    due_at ${bigint} NOT NULL
);
CREATE INDEX campaign_outbox_due ON campaign_outbox (due_at);

-- Uploaded lists of members. state: 1 being written, 2 complete, 3 removed (its row stays, so that no version is used twice). unused_since: when it was made,
-- or when another list took its place; its chunks are removed some time after, unless the campaign or a pending change names it.
CREATE TABLE audience_list (
    campaign_id ${binary16} NOT NULL,
    version ${int} NOT NULL,
    members ${int} NOT NULL,
    state ${int} NOT NULL,
    unused_since ${bigint} NOT NULL,
    PRIMARY KEY (campaign_id, version)
);
CREATE INDEX audience_list_unused ON audience_list (state, unused_since);

-- Member ids of a list, ascending, up to 4,000 in a row, 16 bytes each.
CREATE TABLE audience_chunk (
    campaign_id ${binary16} NOT NULL,
    version ${int} NOT NULL,
    chunk ${int} NOT NULL,
    members ${blob} NOT NULL,
    PRIMARY KEY (campaign_id, version, chunk)
);
