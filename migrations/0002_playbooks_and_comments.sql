-- Playbooks of a tenant's own, branches that a case leaves, comments.

-- A case is pinned to one version of a playbook, which is a record of its own; until now there was the built-in one alone.
ALTER TABLE cases ADD COLUMN playbook_id {id} NOT NULL DEFAULT {built_in_playbook};
ALTER TABLE cases DROP COLUMN playbook_key;
ALTER TABLE cases DROP COLUMN playbook_version;
CREATE INDEX cases_by_playbook_opened ON cases (tenant_id, playbook_id, opened_at, id);
CREATE INDEX cases_by_playbook_due ON cases (tenant_id, playbook_id, next_due_at, id);

-- Waived because the playbook no longer calls for it; comes back by itself when it does.
ALTER TABLE tasks ADD COLUMN dropped {bool} NOT NULL DEFAULT FALSE;
-- What the playbook said of it, kept when the case moves to a version that no longer has the task.
ALTER TABLE tasks ADD COLUMN kept_text {json};
-- A person brought it back: it is not dropped again.
ALTER TABLE tasks ADD COLUMN kept_by_hand {bool} NOT NULL DEFAULT FALSE;
CREATE INDEX grants_by_shop ON grants (tenant_id, shop_id, id);

CREATE TABLE playbooks (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    id {id} NOT NULL,
    key {text} NOT NULL,
    number {int} NOT NULL,
    status {text} NOT NULL CHECK (status IN ('draft', 'published')),
    title {json} NOT NULL,
    note {text},
    based_on_id {id} NOT NULL,
    is_default {bool} NOT NULL,
    tasks {json} NOT NULL,
    task_count {int} NOT NULL,
    version {integer} NOT NULL,
    created_by {id} NOT NULL,
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    published_at {instant},
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, key, number),
    FOREIGN KEY (tenant_id, created_by) REFERENCES members (tenant_id, id)
) {table};
CREATE UNIQUE INDEX playbooks_one_draft ON playbooks (tenant_id, key) WHERE status = 'draft';
CREATE UNIQUE INDEX playbooks_one_default ON playbooks (tenant_id) WHERE is_default;
{tenant playbooks}
{deletable playbooks}

CREATE TABLE comments (
    tenant_id {id} NOT NULL,
    id {id} NOT NULL,
    case_id {id} NOT NULL,
    task_id {id},
    visibility {text} NOT NULL CHECK (visibility IN ('internal', 'client', 'privileged')),
    body {text} NOT NULL,
    author_id {id} NOT NULL,
    retracted_at {instant},
    retracted_by {id},
    retraction_reason {text},
    version {integer} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id),
    FOREIGN KEY (tenant_id, author_id) REFERENCES members (tenant_id, id),
    FOREIGN KEY (tenant_id, retracted_by) REFERENCES members (tenant_id, id)
) {table};
CREATE INDEX comments_by_case ON comments (tenant_id, case_id, id);
CREATE INDEX comments_by_task ON comments (tenant_id, task_id, id) WHERE task_id IS NOT NULL;
{tenant comments}
