-- When a campaign was last reconciled by schedule; the instance that moves it on does the run.
ALTER TABLE campaign ADD COLUMN reconciled_at ${bigint} NOT NULL DEFAULT 0;

-- Repairs by people (actor), and scheduled runs that found a difference (actor is null). outcome: what was found and done, as the API gave it.
CREATE TABLE reconciliation_run (
    campaign_id ${binary16} NOT NULL,
    run_at ${bigint} NOT NULL,
    run_id ${binary16} NOT NULL,
    actor ${binary16} NULL,
    outcome ${json} NOT NULL,
    PRIMARY KEY (campaign_id, run_at, run_id)
)${clustered};
