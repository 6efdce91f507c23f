-- Deadlines that explain themselves and are never missed: calendars and rules of a tenant's own, clocks that stop, the register, the agenda,
-- reminders.

-- Rises with every change of a tenant's calendars and rules, so that a process knows whether what it has read still holds.
ALTER TABLE tenants ADD COLUMN rulebook_revision {integer} NOT NULL DEFAULT 0;
-- When the tenant's deadlines next need something done: a reminder, the mark of a missed one. Far in the future when nothing does.
ALTER TABLE tenants ADD COLUMN wake_at {instant} NOT NULL DEFAULT {epoch};
CREATE INDEX tenants_by_wake ON tenants (wake_at);
-- When the tenant next has a message to send.
ALTER TABLE tenants ADD COLUMN send_at {instant} NOT NULL DEFAULT {epoch};
CREATE INDEX tenants_by_send ON tenants (send_at);

-- Each revision is whole and never changes.
CREATE TABLE calendars (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    key {text} NOT NULL,
    revision {int} NOT NULL,
    name {json} NOT NULL,
    zone {text} NOT NULL,
    rest_days {json} NOT NULL,
    ignores_make_up_days {bool} NOT NULL,
    based_on_built_in {bool} NOT NULL,
    years {json} NOT NULL,
    days {json} NOT NULL,
    note {text},
    changed_by {id} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, key, revision),
    FOREIGN KEY (tenant_id, changed_by) REFERENCES members (tenant_id, id)
) {table};
{tenant calendars}
{append_only calendars}

-- Each row is a version of a rule; it never changes, but can be withdrawn.
CREATE TABLE deadline_rules (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    id {id} NOT NULL,
    rule_id {text} NOT NULL,
    number {int} NOT NULL,
    rule {json} NOT NULL,
    withdrawn_at {instant},
    created_by {id} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, rule_id, number),
    FOREIGN KEY (tenant_id, created_by) REFERENCES members (tenant_id, id)
) {table};
{tenant deadline_rules}

ALTER TABLE triggers ADD COLUMN service_method {text};
ALTER TABLE triggers ADD COLUMN document_reference {text};
ALTER TABLE triggers ADD COLUMN note {text};
ALTER TABLE triggers ADD COLUMN recorded_by {id};
ALTER TABLE triggers ADD COLUMN version {integer} NOT NULL DEFAULT 1;
ALTER TABLE triggers ADD COLUMN updated_at {instant} NOT NULL DEFAULT {epoch};

ALTER TABLE deadlines ADD COLUMN shop_id {id} NOT NULL DEFAULT {nil};
ALTER TABLE deadlines ADD COLUMN assignee_id {id};
ALTER TABLE deadlines ADD COLUMN is_open {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE deadlines ADD COLUMN statutory {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE deadlines ADD COLUMN missed_at {instant};
ALTER TABLE deadlines ADD COLUMN computation {json} NOT NULL DEFAULT '{}';
ALTER TABLE deadlines ADD COLUMN rulebook_revision {integer} NOT NULL DEFAULT 0;
-- When it next needs something done; absent when nothing.
ALTER TABLE deadlines ADD COLUMN wake_at {instant};
ALTER TABLE deadlines ADD COLUMN reminded_until {instant};
{all_tenants deadlines}
{all_tenants cases}
UPDATE deadlines SET
    shop_id = (SELECT c.shop_id FROM cases c WHERE c.tenant_id = deadlines.tenant_id AND c.id = deadlines.case_id),
    assignee_id = (SELECT c.lead_id FROM cases c WHERE c.tenant_id = deadlines.tenant_id AND c.id = deadlines.case_id),
    is_open = status IN ('pending', 'suspended', 'missed'),
    wake_at = CASE WHEN status = 'pending' THEN created_at END;
{own_tenant deadlines}
{own_tenant cases}
-- What the agenda shows of a deadline stands in its index, so that no row is read.
CREATE INDEX deadlines_agenda ON deadlines (tenant_id, due_at, id, case_id, shop_id, assignee_id, stage, status, owed_by, rule_id, key, title, due_on, provisional, as_stated, statutory, is_open) WHERE is_open;
CREATE INDEX deadlines_open_by_shop ON deadlines (tenant_id, shop_id, due_at, id) WHERE is_open;
CREATE INDEX deadlines_open_by_assignee ON deadlines (tenant_id, assignee_id, due_at, id) WHERE is_open;
CREATE INDEX deadlines_open_by_stage ON deadlines (tenant_id, stage, due_at, id) WHERE is_open;
CREATE INDEX deadlines_open_by_owed_by ON deadlines (tenant_id, owed_by, due_at, id) WHERE is_open;
CREATE INDEX deadlines_closed_by_due ON deadlines (tenant_id, due_at, id) WHERE NOT is_open;
CREATE INDEX deadlines_open_by_rule ON deadlines (tenant_id, rule_id, id) WHERE is_open;
CREATE INDEX deadlines_by_wake ON deadlines (tenant_id, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX deadlines_provisional ON deadlines (tenant_id, rulebook_revision) WHERE provisional AND is_open;
CREATE INDEX cases_agenda ON cases (tenant_id, id, status, number, title, platform);
CREATE INDEX tasks_open_by_case_stage ON tasks (tenant_id, case_id, stage, status, required, id);
CREATE INDEX tasks_open_by_due ON tasks (tenant_id, due_at, id) WHERE status IN ('todo', 'in_progress', 'blocked');

CREATE TABLE deadline_register (
    tenant_id {id} NOT NULL,
    id {id} NOT NULL,
    day {text} NOT NULL,
    at {instant} NOT NULL,
    case_id {id} NOT NULL,
    deadline_id {id} NOT NULL,
    change {text} NOT NULL CHECK (change IN ('entered', 'changed', 'suspended', 'resumed', 'extended', 'met', 'missed', 'waived', 'checked')),
    actor_kind {text} NOT NULL,
    actor_id {id},
    member_id {id},
    -- As they were called then.
    member_name {text},
    rule_id {text},
    title {json} NOT NULL,
    owed_by {text} NOT NULL,
    statutory {bool} NOT NULL,
    due_on {text} NOT NULL,
    due_at {instant} NOT NULL,
    previous_due_at {instant},
    note {text},
    checks_id {id},
    correct {bool},
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, deadline_id) REFERENCES deadlines (tenant_id, id)
) {table};
CREATE INDEX deadline_register_by_day ON deadline_register (tenant_id, day, id);
CREATE INDEX deadline_register_by_deadline ON deadline_register (tenant_id, deadline_id, id);
CREATE INDEX deadline_register_by_case ON deadline_register (tenant_id, case_id, id);
CREATE UNIQUE INDEX deadline_register_checks ON deadline_register (tenant_id, checks_id) WHERE checks_id IS NOT NULL;
{tenant deadline_register}
{append_only deadline_register}

-- The entries that a second person still has to check: what the register itself, which never changes, could tell only by being read from its beginning.
CREATE TABLE deadline_checks_open (
    tenant_id {id} NOT NULL,
    entry_id {id} NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    FOREIGN KEY (tenant_id, entry_id) REFERENCES deadline_register (tenant_id, id)
) {table};
{tenant deadline_checks_open}
{deletable deadline_checks_open}

CREATE TABLE agenda_feeds (
    id {id} NOT NULL PRIMARY KEY,
    tenant_id {id} NOT NULL,
    member_id {id} NOT NULL,
    name {text} NOT NULL,
    secret_hash {bytes} NOT NULL UNIQUE,
    only_mine {bool} NOT NULL,
    language {text} NOT NULL,
    created_at {instant} NOT NULL,
    revoked_at {instant},
    FOREIGN KEY (tenant_id, member_id) REFERENCES members (tenant_id, id)
) {table};
CREATE INDEX agenda_feeds_by_member ON agenda_feeds (tenant_id, member_id, id);
{identity agenda_feeds}

-- How a member can be reached, and who stands in.
CREATE TABLE availabilities (
    tenant_id {id} NOT NULL,
    member_id {id} NOT NULL,
    zone {text} NOT NULL,
    calendar {text} NOT NULL,
    works_from {text} NOT NULL,
    works_until {text} NOT NULL,
    language {text} NOT NULL,
    away_from {instant},
    away_until {instant},
    stand_in_id {id},
    version {integer} NOT NULL,
    updated_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, member_id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES members (tenant_id, id),
    FOREIGN KEY (tenant_id, stand_in_id) REFERENCES members (tenant_id, id)
) {table};
{tenant availabilities}

-- Without steps where the built-in ladder holds again: the version goes on.
CREATE TABLE reminder_ladders (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    kind {text} NOT NULL,
    steps {json},
    version {integer} NOT NULL,
    changed_by {id} NOT NULL,
    updated_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, kind),
    FOREIGN KEY (tenant_id, changed_by) REFERENCES members (tenant_id, id)
) {table};
{tenant reminder_ladders}

CREATE TABLE notification_channels (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    id {id} NOT NULL,
    member_id {id},
    kind {text} NOT NULL,
    name {text} NOT NULL,
    language {text} NOT NULL,
    sealed_address {bytes} NOT NULL,
    hint {text} NOT NULL,
    created_by {id} NOT NULL,
    created_at {instant} NOT NULL,
    revoked_at {instant},
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES members (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES members (tenant_id, id)
) {table};
CREATE INDEX notification_channels_by_member ON notification_channels (tenant_id, member_id, id);
{tenant notification_channels}

-- One reminder for each step of a ladder, each end of a deadline, and each recipient.
CREATE TABLE reminders (
    tenant_id {id} NOT NULL,
    id {id} NOT NULL,
    case_id {id} NOT NULL,
    deadline_id {id} NOT NULL,
    member_id {id} NOT NULL,
    stands_in_for_id {id},
    step {text} NOT NULL,
    due_at {instant} NOT NULL,
    critical {bool} NOT NULL,
    planned_at {instant} NOT NULL,
    shown_at {instant} NOT NULL,
    late {bool} NOT NULL,
    acknowledged_at {instant},
    snoozed_until {instant},
    cancelled_at {instant},
    version {integer} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, deadline_id, due_at, step, member_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, deadline_id) REFERENCES deadlines (tenant_id, id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES members (tenant_id, id)
) {table};
CREATE INDEX reminders_by_member ON reminders (tenant_id, member_id, shown_at, id) WHERE cancelled_at IS NULL;
CREATE INDEX reminders_open_by_member ON reminders (tenant_id, member_id, shown_at, id) WHERE cancelled_at IS NULL AND acknowledged_at IS NULL;
CREATE INDEX reminders_by_case ON reminders (tenant_id, case_id, id);
{tenant reminders}

-- One message for each reminder and each channel, and once more whenever the reminder was put off: `round` is the version that the reminder had.
CREATE TABLE deliveries (
    tenant_id {id} NOT NULL,
    id {id} NOT NULL,
    reminder_id {id} NOT NULL,
    channel_id {id} NOT NULL,
    round {integer} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'cancelled')),
    next_at {instant},
    attempts {int} NOT NULL,
    reference {text},
    error {text},
    sent_at {instant},
    created_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, reminder_id, channel_id, round),
    FOREIGN KEY (tenant_id, reminder_id) REFERENCES reminders (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channels (tenant_id, id)
) {table};
CREATE INDEX deliveries_by_next ON deliveries (tenant_id, next_at) WHERE next_at IS NOT NULL;
{tenant deliveries}
