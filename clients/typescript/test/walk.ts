// A whole case over a running demo server, as whoever integrates it would go: every operation of the document is brought to a 2xx.
//
// A new operation that is not walked makes this fail and is named. Add a step where it belongs in the story, or, when no server in a demo can
// answer it well, a line with the reason to EXCEPTIONS.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Case, createRejoinder, type NewPlaybookTask, type Rejoinder, RejoinderProblem, type Stage, type Task } from "@rejoinder/client";
import { Operations } from "./operations.js";

/** Operations that the walk leaves out, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  testNotificationChannel: "a demo sends no mail, and calls no robot of anybody's",
};

const PASSWORD = "rejoinder-demo";
const baseUrl = process.env["REJOINDER_URL"];
if (baseUrl === undefined) throw new Error("REJOINDER_URL is the address of a running `rejoinder demo`");
const operations = await Operations.of(baseUrl);

/** A client that the account is kept of. */
function client(as: { credentials?: { email: string; password: string } | { refresh_token: string }; token?: string } = {}): Rejoinder {
  return createRejoinder({ baseUrl: baseUrl as string, language: "en", fetch: operations.fetch, ...as });
}

function logIn(name: string): Rejoinder {
  return client({ credentials: { email: `${name}@demo.example`, password: PASSWORD } });
}

const [manager, handler, auditor, merchant] = [logIn("manager"), logIn("handler"), logIn("auditor"), logIn("client")];
const nobody = client();
const run = Date.now().toString(36);
const now = Date.now();
const at = (hours: number): string => new Date(now + hours * 3_600_000).toISOString();
const isProblem = (code: string) => (error: unknown) => error instanceof RejoinderProblem && error.code === code;

/** What is made on the way, for the steps that follow. */
const made: { shop?: string; case?: Case; deadline?: string; playbook?: string; invited?: { email: string; password: string } } = {};

function the<T>(thing: T | null | undefined): T {
  assert.ok(thing != null, "an earlier step did not make it");
  return thing;
}

const inCase = () => ({ path: { case_id: the(made.case).id } });

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const element of list) found.push(element);
  return found;
}

function tasksOf(stage: Stage, status?: Task["status"][]): Promise<Task[]> {
  const query = { stage: [stage], limit: 50, ...(status && { status }) };
  return all(handler.pages("/v1/cases/{case_id}/tasks", { params: { ...inCase(), query } }));
}

async function doTask(task: Task, body: { status: Task["status"]; note: string }): Promise<void> {
  await handler.change("/v1/tasks/{task_id}", { params: { path: { task_id: task.id } }, body });
}

/** Does the required tasks of a stage, those first that others wait for; waives what does not apply. */
async function doStage(stage: Stage, doesNotApply: readonly string[] = []): Promise<void> {
  for (;;) {
    const open = (await tasksOf(stage, ["todo", "in_progress"])).filter((task) => task.required);
    const next = open.find((task) => !task.depends_on.some((id) => open.some((other) => other.id === id)));
    if (!next) return;
    const waived = doesNotApply.includes(next.key ?? "");
    await doTask(next, waived ? { status: "waived", note: "不适用于本案" } : { status: "done", note: "已完成并留痕" });
  }
}

async function complete(stage: Stage): Promise<void> {
  const params = { path: { ...inCase().path, stage } };
  const { data } = await handler.GET("/v1/cases/{case_id}", { params: inCase() });
  const path = "/v1/cases/{case_id}/stages/{stage}/transitions";
  if (data.stages.find((record) => record.stage === stage)?.status === "pending") await handler.POST(path, { params, body: { to: "active" } });
  await handler.POST(path, { params, body: { to: "completed" } });
}

test("the server is well, and says what its problems mean", async () => {
  await nobody.GET("/livez");
  await nobody.GET("/readyz");
  const { data } = await nobody.GET("/problems/{code}", { params: { path: { code: "stale" } } });
  assert.deepEqual([data.status, data.retryable], [412, false]);
});

test("members log in, and stay logged in with a refresh token", async () => {
  const { data: session } = await nobody.POST("/v1/sessions", { body: { email: "handler@demo.example", password: PASSWORD } });
  const resumed = client({ credentials: { refresh_token: session.refresh_token } });
  assert.equal((await resumed.GET("/v1/me")).data.member.id, session.member_id);
  await assert.rejects(nobody.GET("/v1/me"), isProblem("unauthenticated"));
});

test("a manager invites somebody, who accepts, and takes another invitation back", async () => {
  const invited = { email: `counsel-${run}@demo.example`, password: `first ${run}` };
  const { data: invitation } = await manager.POST("/v1/invitations", { body: { email: invited.email, role: "counsel" } });
  await nobody.POST("/v1/invitations/accept", { body: { token: the(invitation.token), password: invited.password, name: "郑律师" } });
  made.invited = invited;
  const { data: mistaken } = await manager.POST("/v1/invitations", { body: { email: `mistaken-${run}@demo.example`, role: "handler" } });
  await manager.DELETE("/v1/invitations/{invitation_id}", { params: { path: { invitation_id: mistaken.id } } });
  const invitations = await all(manager.pages("/v1/invitations", { params: { query: { limit: 1 } } }));
  assert.ok(invitations.some(({ id }) => id === invitation.id) && invitations.some(({ id, revoked_at }) => id === mistaken.id && revoked_at !== null));
});

test("the new member changes the password, and logs out", async () => {
  const { email, password } = the(made.invited);
  const counsel = client({ credentials: { email, password } });
  await counsel.PUT("/v1/me/password", { body: { old_password: password, new_password: `second ${run}` } });
  await counsel.DELETE("/v1/sessions/current");
  await assert.rejects(counsel.GET("/v1/me"), isProblem("wrong_credentials"));
  made.invited = { email, password: `second ${run}` };
});

test("a manager looks through the members, and suspends one for a while", async () => {
  const members = await all(manager.pages("/v1/members", { params: { query: { limit: 2 } } }));
  const member = the(members.find(({ email }) => email === made.invited?.email));
  const params = { path: { member_id: member.id } };
  const { data: suspended } = await manager.change("/v1/members/{member_id}", { params, body: { status: "suspended" } });
  assert.equal(suspended.status, "suspended");
  await manager.change("/v1/members/{member_id}", { params, body: { status: "active" } });
  assert.equal((await manager.GET("/v1/members/{member_id}", { params })).data.status, "active");
});

test("an integration gets a key with what it needs, and loses it", async () => {
  const { data: key } = await manager.POST("/v1/api_keys", { body: { name: "工单系统", scopes: ["case:read"] } });
  const machine = client({ token: the(key.key) });
  await machine.GET("/v1/cases");
  await assert.rejects(machine.POST("/v1/shops", { body: { name: "x", platform: "douyin", legal_entity: "x" } }), isProblem("forbidden"));
  await manager.DELETE("/v1/api_keys/{api_key_id}", { params: { path: { api_key_id: key.id } } });
  await assert.rejects(machine.GET("/v1/cases"), isProblem("unauthenticated"));
  assert.ok((await all(manager.pages("/v1/api_keys"))).some(({ id, key: secret }) => id === key.id && secret === undefined));
});

test("a shop is registered and changed", async () => {
  const { data: shop } = await manager.POST("/v1/shops", { body: { name: "星河家居抖音店", platform: "douyin", legal_entity: "杭州晨光家居有限公司" } });
  const params = { path: { shop_id: shop.id } };
  const { etag } = await manager.GET("/v1/shops/{shop_id}", { params });
  await manager.change("/v1/shops/{shop_id}", { params, body: { platform_shop_id: `dy-${run}` }, etag: the(etag) });
  await assert.rejects(manager.change("/v1/shops/{shop_id}", { params, body: { name: "x" }, etag: the(etag) }), isProblem("stale"));
  assert.ok((await all(manager.pages("/v1/shops", { params: { query: { platform: ["douyin"], limit: 1 } } }))).some(({ id }) => id === shop.id));
  made.shop = shop.id;
});

test("a platform's finding opens a case", async () => {
  const { data } = await handler.POST("/v1/cases", {
    body: {
      shop_id: the(made.shop),
      title: "抖音：涉嫌虚假交易 120 单",
      priority: "urgent",
      complaint: {
        channel: "platform",
        kind: "platform_finding",
        received_at: at(-1),
        reference_no: `DY-${run}`,
        summary: "平台认定近 90 天内 120 单涉嫌虚假交易，7 天内可申诉。",
        allegations: [{ kind: "fictitious_transaction", description: "120 单涉嫌虚假交易", order_count: 120 }],
        reporter: { type: "platform", identity: { name: "平台治理部", contact: "治理后台" } },
      },
    },
  });
  made.case = data;
  assert.ok(the(data.tasks).length > 30 && the(data.deadlines).length > 0);
  made.deadline = the(the(data.deadlines).find(({ rule_id }) => rule_id === "PF-DOUYIN-APPEAL")).id;
});

test("everybody finds it", async () => {
  const found = await all(auditor.pages("/v1/cases", { params: { query: { status: "open", stage: ["self_check", "evidence"], sort: "next_due_at", limit: 2 } } }));
  assert.ok(found.some(({ id }) => id === the(made.case).id));
  const due = await all(auditor.pages("/v1/tasks", { params: { query: { status: ["todo", "in_progress"], due_before: at(24 * 30), limit: 25 } } }));
  assert.ok(due.some(({ case_id }) => case_id === the(made.case).id));
});

test("the case is tagged", async () => {
  const { data } = await handler.change("/v1/cases/{case_id}", { params: inCase(), body: ({ tags }) => ({ tags: [...tags, "申诉"] }) });
  assert.deepEqual(data.tags, ["申诉"]);
});

test("counsel is granted the case, and the grant ends", async () => {
  const members = await all(manager.pages("/v1/members", { params: { query: { role: ["counsel"] } } }));
  const member = the(members.find(({ email }) => email === made.invited?.email));
  const counsel = client({ credentials: the(made.invited) });
  await assert.rejects(counsel.GET("/v1/cases/{case_id}", { params: inCase() }), isProblem("not_found"));
  const { data: grant, etag } = await manager.POST("/v1/grants", { body: { member_id: member.id, case_id: the(made.case).id, covers: ["write"] } });
  await counsel.GET("/v1/cases/{case_id}", { params: inCase() });
  const path = { grant_id: grant.id };
  await manager.GET("/v1/grants/{grant_id}", { params: { path } });
  assert.equal((await all(manager.pages("/v1/grants", { params: { query: { member_id: member.id } } }))).length, 1);
  assert.ok((await all(auditor.pages("/v1/cases/{case_id}/grants", { params: inCase() }))).some(({ id, member_name }) => id === grant.id && member_name === "郑律师"));
  await manager.DELETE("/v1/grants/{grant_id}", { params: { path, header: { "If-Match": the(etag) } } });
  await assert.rejects(counsel.GET("/v1/cases/{case_id}", { params: inCase() }), isProblem("not_found"));
});

test("comments are read by those for whom they are meant, and retracted", async () => {
  const { data: me } = await merchant.GET("/v1/me");
  await manager.POST("/v1/grants", { body: { member_id: me.member.id, shop_id: the(made.shop), covers: ["write"] } });
  const path = "/v1/cases/{case_id}/comments";
  const { data: internal } = await handler.POST(path, { params: inCase(), body: { body: "底单还差三张" } });
  const { data: asked } = await handler.POST(path, { params: inCase(), body: { body: "请补签收记录", visibility: "client" } });
  const read = async (who: Rejoinder) => (await all(who.pages(path, { params: { ...inCase(), query: { limit: 1 } } }))).map(({ id }) => id);
  assert.deepEqual([await read(handler), await read(merchant)], [[asked.id, internal.id], [asked.id]]);
  const comment = { path: { comment_id: asked.id } };
  await assert.rejects(merchant.GET("/v1/comments/{comment_id}", { params: { path: { comment_id: internal.id } } }), isProblem("not_found"));
  assert.equal((await merchant.GET("/v1/comments/{comment_id}", { params: comment })).data.author.role, "handler");
  await handler.POST("/v1/comments/{comment_id}/retract", { params: comment, body: { reason: "签收记录已在案卷中" } });
  assert.equal((await merchant.GET("/v1/comments/{comment_id}", { params: comment })).data.body, null);

  const onTask = { path: { task_id: the(the(made.case).tasks?.[0]).id } };
  await merchant.POST("/v1/tasks/{task_id}/comments", { params: onTask, body: { body: "通知原件已上传" } });
  const [said] = await all(handler.pages("/v1/tasks/{task_id}/comments", { params: onTask }));
  assert.deepEqual([said?.body, said?.visibility], ["通知原件已上传", "client"]);
});

test("a second complaint comes in as it was shown, and an allegation more", async () => {
  const complaint = {
    channel: "regulator",
    kind: "complaint",
    received_at: at(-1),
    reporter: { type: "anonymous" },
    allegations: [{ kind: "fictitious_transaction", description: "付款 9 天未收到货" }],
  } as const;
  const body = { ...complaint, allegations: [...complaint.allegations] };
  const { data: shown } = await handler.POST("/v1/cases/{case_id}/complaints/preview", { params: inCase(), body });
  const { data } = await handler.POST("/v1/cases/{case_id}/complaints", { params: inCase(), body });
  const keys = new Set((await all(handler.pages("/v1/cases/{case_id}/tasks", { params: inCase() }))).map(({ key }) => key));
  assert.ok(shown.tasks.added.length > 0 && shown.tasks.added.every(({ key }) => keys.has(key)));

  const path = { complaint_id: data.complaint.id };
  const consumer = { reporter: { type: "consumer" } } as const;
  const { data: branch } = await handler.POST("/v1/complaints/{complaint_id}/preview", { params: { path }, body: consumer });
  await handler.change("/v1/complaints/{complaint_id}", { params: { path }, body: consumer });
  const dropped = (await all(handler.pages("/v1/cases/{case_id}/tasks", { params: inCase() }))).filter((task) => task.dropped);
  assert.deepEqual(dropped.map(({ key }) => key), branch.tasks.dropped.map(({ key }) => key));
  await handler.GET("/v1/complaints/{complaint_id}", { params: { path } });
  await handler.change("/v1/complaints/{complaint_id}", { params: { path }, body: { reporter: { confidence: "high", basis: "订单与投诉单一致" } } });
  assert.equal((await all(handler.pages("/v1/cases/{case_id}/complaints", { params: inCase() }))).length, 2);
  const allegation = { kind: "fictitious_transaction", description: "主播口播与实物不符" } as const;
  await handler.POST("/v1/cases/{case_id}/allegations", { params: inCase(), body: { complaint_id: data.complaint.id, allegation } });
});

test("a reporter's identity is opened for a reason", async () => {
  const complaint_id = the(the(made.case).complaints?.[0]).id;
  const path = "/v1/complaints/{complaint_id}/reporter_identity/openings";
  const { data } = await manager.POST(path, { params: { path: { complaint_id } }, body: { reason: "核对处罚单的签发部门" } });
  assert.equal(data.name, "平台治理部");
});

test("the self-check is blocked until the allegations are concluded on", async () => {
  const params = { path: { ...inCase().path, stage: "self_check" as const } };
  const early = handler.POST("/v1/cases/{case_id}/stages/{stage}/transitions", { params, body: { to: "completed" } });
  await assert.rejects(early, (error) => error instanceof RejoinderProblem && error.blockers.some(({ code }) => code === "allegation_not_concluded"));
  const blockers = await all(handler.pages("/v1/cases/{case_id}/blockers", { params: { ...inCase(), query: { stage: "self_check" } } }));
  assert.ok(blockers.length > 1);
  for (const { id, order_count } of await all(handler.pages("/v1/cases/{case_id}/allegations", { params: inCase() }))) {
    const basis = "逐单核对了称重、揽收和签收记录";
    const conclusion = order_count === 120 ? ({ result: "partly_confirmed", confirmed_orders: 14, basis } as const) : ({ result: "explained", basis } as const);
    const allegation = { path: { allegation_id: id } };
    await handler.change("/v1/allegations/{allegation_id}", { params: allegation, body: { conclusion } });
    assert.equal((await handler.GET("/v1/allegations/{allegation_id}", { params: allegation })).data.conclusion?.result, conclusion.result);
  }
});

test("calendars and rules of the agency's own, over those that ship", async () => {
  const calendars = await all(handler.pages("/v1/calendars", { params: {} }));
  assert.equal(the(calendars[0]).key, "cn");
  const key = `resting_${run}`;
  const path = { calendar_key: key };
  await manager.POST("/v1/calendars", { body: { key, name: { zh: "不计调休", en: "No make-up days" }, ignores_make_up_days: true, based_on_built_in: true } });
  const version = async () => ({ "If-Match": `"${(await handler.GET("/v1/calendars/{calendar_key}", { params: { path } })).data.version}"` });
  await manager.change("/v1/calendars/{calendar_key}", { params: { path }, body: { ignores_make_up_days: false } });
  const year = { ...path, year: 2027 };
  const days = [{ date: "2027-01-01", kind: "holiday" as const, name: "元旦" }];
  await manager.PUT("/v1/calendars/{calendar_key}/years/{year}", { params: { path: year, header: await version() }, body: { source: "公司通知", days } });
  assert.equal((await handler.GET("/v1/calendars/{calendar_key}/years/{year}", { params: { path: year } })).data.year, 2027);
  await manager.DELETE("/v1/calendars/{calendar_key}/years/{year}", { params: { path: year, header: await version() } });
  const day = { ...path, date: "2027-03-03" };
  await manager.PUT("/v1/calendars/{calendar_key}/days/{date}", { params: { path: day, header: await version() }, body: { kind: "holiday", name: "三月三", source: "公告" } });
  assert.equal((await handler.GET("/v1/calendars/{calendar_key}/days/{date}", { params: { path: day } })).data.name, "三月三");
  await manager.DELETE("/v1/calendars/{calendar_key}/days/{date}", { params: { path: day, header: await version() } });

  const rules = (await handler.GET("/v1/deadline_rules", { params: { query: { applies_to: ["platform:tmall"] } } })).data.data;
  assert.ok(rules.some(({ rule_id }) => rule_id === "PF-TMALL-APPEAL"));
  const rule_id = `HOUSE-${run}`;
  const period = { amount: 2, unit: "working_days" as const };
  await manager.POST("/v1/deadline_rules", {
    body: { rule_id, stage: "cooperation", applies_to: ["platform"], title: { zh: "内部答复" }, trigger_event: "platform_notice", period, calendar: key, source: "服务合同" },
  });
  const rule = { path: { rule_id } };
  assert.equal((await handler.GET("/v1/deadline_rules/{rule_id}", { params: rule })).data.data.length, 1);
  assert.equal((await handler.GET("/v1/deadline_rules/{rule_id}/deadline_moves/preview", { params: rule })).data.data.length, 0);
  await manager.POST("/v1/deadline_rules/{rule_id}/deadline_moves", { params: { ...rule, header: { "Idempotency-Key": `moves-${run}` } }, body: { deadline_ids: [the(made.deadline)] } });
  await manager.POST("/v1/deadline_rules/{rule_id}/withdrawals", { params: rule });
  const { data } = await handler.POST("/v1/deadlines/preview", { body: { rule_id: "SAMR-HEARING-REQ", occurred_on: "2026-09-28" } });
  assert.equal(data.due_on, "2026-10-10");
  assert.ok(data.explanation.some(({ code, counted }) => code === "counted" && counted === 5));
});

test("a dated fact starts its deadlines, and one is typed in from a notice", async () => {
  const { data } = await handler.POST("/v1/cases/{case_id}/triggers", { params: inCase(), body: { event: "complaint_accepted", occurred_at: at(-2), served_by: "受理决定告知书" } });
  assert.ok((await all(handler.pages("/v1/cases/{case_id}/triggers", { params: inCase() }))).some(({ id }) => id === data.trigger.id));
  const { data: typed } = await handler.POST("/v1/cases/{case_id}/deadlines", {
    params: inCase(),
    body: { title: "约谈时间", stage: "cooperation", due_at: at(72) },
  });
  const params = { path: { deadline_id: typed.id } };
  assert.equal((await handler.GET("/v1/deadlines/{deadline_id}", { params })).data.as_stated, true);
  await handler.change("/v1/deadlines/{deadline_id}", { params, body: { title: "到区局约谈（改期）" } });
  await handler.POST("/v1/deadlines/{deadline_id}/extend", { params, body: { period: { amount: 3, unit: "working_days" }, basis: "区局电话同意" } });
  await handler.POST("/v1/deadlines/{deadline_id}/suspend", { params, body: { ground: "other", reason: "当事人住院" } });
  await handler.POST("/v1/deadlines/{deadline_id}/resume", { params, body: {} });
  assert.ok((await handler.GET("/v1/deadlines/{deadline_id}/explanation", { params })).data.explanation.length > 2);
  const stop = { ground: "other" as const, reason: "系统维护", deadline_ids: [typed.id] };
  assert.equal((await handler.POST("/v1/cases/{case_id}/suspensions/preview", { params: inCase(), body: stop })).data.stopped.length, 1);
  await handler.POST("/v1/cases/{case_id}/suspensions", { params: inCase(), body: stop });
  assert.equal((await handler.POST("/v1/cases/{case_id}/resumptions", { params: inCase(), body: {} })).data.data.length, 1);
  const fact = { path: { trigger_id: data.trigger.id } };
  assert.equal((await handler.GET("/v1/triggers/{trigger_id}", { params: fact })).data.event, "complaint_accepted");
  const later = { occurred_at: at(-1), reason: "回执时间更正" };
  assert.ok((await handler.POST("/v1/triggers/{trigger_id}/moves/preview", { params: fact, body: later })).data.deadlines.length >= 0);
  await handler.POST("/v1/triggers/{trigger_id}/moves", { params: fact, body: later });
  await handler.POST("/v1/deadlines/{deadline_id}/waive", { params, body: { reason: "约谈取消" } });
});

test("the agenda shows what is due, and goes to a phone", async () => {
  const query = { kind: ["deadline" as const], case_id: the(made.case).id, limit: 2 };
  const due = await all(handler.pages("/v1/agenda", { params: { query } }));
  assert.ok(due.some(({ id }) => id === the(made.deadline)));
  const { data: feed } = await handler.POST("/v1/agenda_feeds", { body: { name: `手机日历 ${run}` } });
  const token = the(new URL(the(feed.url)).searchParams.get("token"));
  const { data: calendar } = await nobody.GET("/v1/agenda.ics", { params: { query: { token } } });
  assert.ok(calendar.startsWith("BEGIN:VCALENDAR\r\n") && calendar.includes(the(made.deadline)));
  assert.ok((await all(handler.pages("/v1/agenda_feeds"))).some(({ id, url }) => id === feed.id && url === undefined));
  await handler.DELETE("/v1/agenda_feeds/{feed_id}", { params: { path: { feed_id: feed.id } } });
  await assert.rejects(nobody.GET("/v1/agenda.ics", { params: { query: { token } } }), isProblem("not_found"));
});

test("a second person checks what was entered, and the day is a file", async () => {
  const query = { case_id: the(made.case).id, unchecked: true };
  const [entry] = await all(manager.pages("/v1/deadline_register", { params: { query } }));
  const { id: entry_id, day } = the(entry);
  const check = { params: { path: { entry_id } }, body: { correct: true } };
  await assert.rejects(handler.POST("/v1/deadline_register/{entry_id}/checks", check), isProblem("same_person"));
  await manager.POST("/v1/deadline_register/{entry_id}/checks", check);
  assert.equal((await all(manager.pages("/v1/deadline_register", { params: { query } }))).some(({ id }) => id === entry_id), false);
  const { data: file } = await manager.GET("/v1/deadline_register.csv", { params: { query: { on: day } } });
  assert.ok(file.includes(entry_id));
});

test("whoever is responsible is reminded, puts it off and acknowledges it", async () => {
  const { data: me, etag } = await handler.GET("/v1/me/availability");
  const { zone, calendar, language, works_from, works_until } = me;
  const hours = { zone, calendar, language, works_from, works_until };
  const early = { params: { header: { "If-Match": the(etag) } }, body: { ...hours, works_from: "08:30" } };
  const { data: mine } = await handler.PUT("/v1/me/availability", early);
  assert.deepEqual([mine.works_from, mine.works_until], ["08:30", works_until]);
  const member = { member_id: me.member_id };
  const other = await manager.GET("/v1/members/{member_id}/availability", { params: { path: member } });
  const header = { "If-Match": the(other.etag) };
  await manager.PUT("/v1/members/{member_id}/availability", { params: { path: member, header }, body: hours });

  const ladder = { path: { ladder_kind: "system" as const } };
  const shipped = await manager.GET("/v1/reminder_ladders/{ladder_kind}", { params: ladder });
  const step = { name: "forty_days", before: { amount: 40, unit: "days" as const }, to: ["managers" as const], critical: false, unless_acknowledged: false };
  const own = await manager.PUT("/v1/reminder_ladders/{ladder_kind}", { params: { ...ladder, header: { "If-Match": the(shipped.etag) } }, body: { steps: [step] } });
  assert.ok((await manager.GET("/v1/reminder_ladders")).data.data.some(({ kind, built_in }) => kind === "system" && !built_in));
  await manager.DELETE("/v1/reminder_ladders/{ladder_kind}", { params: { ...ladder, header: { "If-Match": the(own.etag) } } });

  const { data: channel } = await handler.POST("/v1/notification_channels", { body: { kind: "email", name: "值班邮箱", address: "li.lei@agency.example" } });
  assert.ok((await all(handler.pages("/v1/notification_channels"))).some(({ id }) => id === channel.id));
  await handler.DELETE("/v1/notification_channels/{notification_channel_id}", { params: { path: { notification_channel_id: channel.id } } });

  const body = { title: "提交底单", stage: "cooperation" as const, due_at: at(1), assignee_id: me.member_id };
  const { data: soon } = await handler.POST("/v1/cases/{case_id}/deadlines", { params: inCase(), body });
  let reminder;
  for (let attempt = 0; !reminder && attempt < 30; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const open = await all(handler.pages("/v1/reminders", { params: { query: { open: true } } }));
    reminder = open.find(({ deadline_id }) => deadline_id === soon.id);
  }
  const path = { reminder_id: the(reminder).id };
  const { data: later } = await handler.POST("/v1/reminders/{reminder_id}/snooze", { params: { path }, body: { until: at(0.5) } });
  assert.ok(later.snoozed_until);
  const { data: seen } = await handler.POST("/v1/reminders/{reminder_id}/acknowledge", { params: { path } });
  assert.ok(seen.acknowledged_at);
  await handler.POST("/v1/deadlines/{deadline_id}/meet", { params: { path: { deadline_id: soon.id } }, body: { note: "已提交" } });
  assert.ok((await all(auditor.pages("/v1/cases/{case_id}/reminders", { params: inCase() }))).length > 0);
});

/** A task of a playbook that is due so many working days after the case was opened. */
function playbookTask(amount: number): NewPlaybookTask {
  return {
    stage: "evidence",
    title: { zh: "核对截图真伪", en: "Check whether the screenshots are genuine" },
    anchor: { kind: "event", of: ["case_opened"] },
    offset: { amount, unit: "working_days" },
    required: true,
    blocks_closing: true,
    done_means: { zh: "每张截图都有来源和结论。" },
  };
}

test("the firm makes a playbook of its own, and the case moves to it as it was shown", async () => {
  const builtIn = the((await all(manager.pages("/v1/playbooks"))).find(({ built_in }) => built_in));
  const copy = { based_on_id: builtIn.id, key: `house-${run}`, title: { zh: "本所预案" } };
  const { data: draft, etag } = await manager.POST("/v1/playbooks", { body: copy });
  const path = { playbook_id: draft.id };
  const task = (task_key: string, version: string | undefined) => ({ path: { ...path, task_key }, header: { "If-Match": the(version) } });
  const first = await manager.PUT("/v1/playbooks/{playbook_id}/tasks/{task_key}", { params: task("HOUSE-01", etag), body: playbookTask(1) });
  const second = await manager.PUT("/v1/playbooks/{playbook_id}/tasks/{task_key}", { params: task("HOUSE-02", first.etag), body: playbookTask(2) });
  await manager.DELETE("/v1/playbooks/{playbook_id}/tasks/{task_key}", { params: task("HOUSE-02", second.etag) });
  const { data: kept } = await auditor.GET("/v1/playbooks/{playbook_id}/tasks/{task_key}", { params: { path: { ...path, task_key: "HOUSE-01" } } });
  assert.equal(kept.offset?.amount, 1);
  await manager.change("/v1/playbooks/{playbook_id}", { params: { path }, body: { note: "加上核对截图" } });
  await manager.POST("/v1/playbooks/{playbook_id}/transitions", { params: { path }, body: { to: "published" } });
  assert.equal((await handler.GET("/v1/playbooks/{playbook_id}", { params: { path } })).data.task_count, builtIn.task_count + 1);

  const { data: shown } = await handler.POST("/v1/cases/{case_id}/playbook_moves/preview", { params: inCase(), body: { playbook_id: draft.id } });
  assert.deepEqual(shown.tasks.added.map(({ key }) => key), ["HOUSE-01"]);
  const params = { ...inCase(), header: { "If-Match": `"${shown.case_version}"` } };
  const { data: moved } = await handler.POST("/v1/cases/{case_id}/playbook_moves", { params, body: { playbook_id: draft.id } });
  assert.deepEqual([moved.from_playbook_id, moved.to_playbook_id], [builtIn.id, draft.id]);
  made.playbook = draft.id;
});

test("its next version is the default for a while, and all cases of the last one move to it", async () => {
  const before = the((await all(manager.pages("/v1/playbooks"))).find(({ is_default }) => is_default));
  const { data: next, etag } = await manager.POST("/v1/playbooks", { body: { based_on_id: the(made.playbook) } });
  const path = { playbook_id: next.id };
  const task = { path: { ...path, task_key: "HOUSE-01" }, header: { "If-Match": the(etag) } };
  await manager.PUT("/v1/playbooks/{playbook_id}/tasks/{task_key}", { params: task, body: playbookTask(3) });
  await manager.POST("/v1/playbooks/{playbook_id}/transitions", { params: { path }, body: { to: "published" } });
  const { data: chosen } = await manager.POST("/v1/playbooks/{playbook_id}/default", { params: { path } });
  assert.equal(chosen.is_default, true);
  await manager.POST("/v1/playbooks/{playbook_id}/default", { params: { path: { playbook_id: before.id } } });

  const cases = await all(manager.pages("/v1/cases", { params: { query: { playbook_id: the(made.playbook) } } }));
  const move = { params: { path }, body: { case_ids: cases.map(({ id }) => id), reason: "新版本" } };
  const { data: shown } = await manager.POST("/v1/playbooks/{playbook_id}/case_moves/preview", move);
  const { data: moved } = await manager.POST("/v1/playbooks/{playbook_id}/case_moves", move);
  assert.deepEqual(moved.data.map(({ case_id, rescheduled }) => [case_id, rescheduled]), [[the(made.case).id, ["HOUSE-01"]]]);
  assert.deepEqual(shown.data.map(({ rescheduled }) => rescheduled), moved.data.map(({ rescheduled }) => rescheduled));

  const { data: draft, etag: version } = await manager.POST("/v1/playbooks", { body: { based_on_id: next.id } });
  await manager.DELETE("/v1/playbooks/{playbook_id}", { params: { path: { playbook_id: draft.id }, header: { "If-Match": the(version) } } });
});

test("a handler leaves, and their work is handed over", async () => {
  const email = `leaver-${run}@demo.example`;
  const { data: invitation } = await manager.POST("/v1/invitations", { body: { email, role: "handler" } });
  await nobody.POST("/v1/invitations/accept", { body: { token: the(invitation.token), password: PASSWORD, name: "孙专员" } });
  const { data: leaver } = await client({ credentials: { email, password: PASSWORD } }).GET("/v1/me");
  const [first] = await tasksOf("evidence", ["todo"]);
  const task = { path: { task_id: the(first).id } };
  await handler.change("/v1/tasks/{task_id}", { params: task, body: { assignee_id: leaver.member.id } });
  const { data: me } = await handler.GET("/v1/me");
  const hand = { params: { path: { member_id: leaver.member.id } }, body: { to_member_id: me.member.id, reason: "离职" } };
  const { data: handed } = await manager.POST("/v1/members/{member_id}/hand_overs", hand);
  assert.deepEqual(handed, { cases: 1, tasks: 1, has_more: false });
  assert.equal((await handler.GET("/v1/tasks/{task_id}", { params: task })).data.assignee_id, me.member.id);
});

test("the work is done, stage after stage", async () => {
  const [first] = await tasksOf("self_check", ["todo"]);
  const { data: task } = await handler.GET("/v1/tasks/{task_id}", { params: { path: { task_id: the(first).id } } });
  assert.ok(task.title.length > 0);
  const params = { path: { complaint_id: the(the(made.case).complaints?.[0]).id } };
  await handler.change("/v1/complaints/{complaint_id}", { params, body: { reporter: { confidence: "high", basis: "罚单页注明为模型识别" } } });
  for (const stage of ["self_check", "reporter_analysis", "evidence", "cooperation", "legal"] as const) {
    await doStage(stage, ["EV-05", "EV-06"]);
    if (stage === "cooperation") {
      const params = { path: { deadline_id: the(made.deadline) } };
      await handler.POST("/v1/deadlines/{deadline_id}/meet", { params, body: { note: "申诉单号 SS-20261121-3301" } });
    }
    await complete(stage);
  }
});

test("what others owe is settled, and every allegation has its outcome", async () => {
  for (const { id, status } of await all(handler.pages("/v1/cases/{case_id}/deadlines", { params: inCase() }))) {
    if (status === "pending") await handler.POST("/v1/deadlines/{deadline_id}/meet", { params: { path: { deadline_id: id } }, body: {} });
  }
  for (const { id } of await all(handler.pages("/v1/cases/{case_id}/allegations", { params: inCase() }))) {
    await handler.change("/v1/allegations/{allegation_id}", { params: { path: { allegation_id: id } }, body: { outcome: "partly_upheld", outcome_reason: "14 单维持处罚" } });
  }
});

test("reputation is repaired, prevention is set, the case closes", async () => {
  await handler.POST("/v1/cases/{case_id}/tasks", { params: inCase(), body: { stage: "prevention", title: "员工亲友下单申报制度" } });
  for (const stage of ["cooperation", "legal", "reputation_repair"] as const) await doStage(stage);
  const close = { to: "closed", outcome: "申诉部分成功：14 单认错整改，106 单撤销认定" } as const;
  const { data } = await manager.POST("/v1/cases/{case_id}/transitions", { params: inCase(), body: close });
  assert.deepEqual([data.status, data.overridden], ["closed", false]);
});

test("the record tells it all", async () => {
  const kinds = new Set((await all(auditor.pages("/v1/cases/{case_id}/timeline", { params: { ...inCase(), query: { limit: 20 } } }))).map(({ kind }) => kind));
  for (const kind of ["case.opened", "deadline.met", "deadline.waived", "stage.completed", "case.closed"]) assert.ok(kinds.has(kind), kind);
});

test("every operation of the document was walked", () => {
  const missing = operations.missing.filter((id) => !(id in EXCEPTIONS));
  assert.deepEqual(missing, [], `no step brings these to a 2xx: ${missing.join(", ")}`);
  const needless = Object.keys(EXCEPTIONS).filter((id) => !operations.missing.includes(id));
  assert.deepEqual(needless, [], `these are no exceptions: ${needless.join(", ")}`);
});

process.on("exit", () => console.log(`operations that reached 2xx: ${operations.reached.size} of ${operations.count}`));
