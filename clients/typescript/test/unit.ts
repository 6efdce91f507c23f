// The client against a small server that answers as it is told to.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, test } from "node:test";
import { createRejoinder, RejoinderProblem, type RejoinderOptions } from "@rejoinder/client";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
type Script = (seen: Seen, count: number, response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Starts a server that follows a script; answers with its address and what it sees. */
async function serve(script: Script): Promise<{ baseUrl: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      script(seen.at(-1)!, seen.length, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function answer(response: ServerResponse, status: number, body?: unknown, headers: Record<string, string> = {}): void {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "Content-Type": type, ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): void {
  answer(response, status, { status, code, title: code, detail: `It is ${code}.`, request_id: "r-1" }, headers);
}

function client(baseUrl: string, options: Partial<RejoinderOptions> = {}) {
  return createRejoinder({ baseUrl, token: "rjk_test", ...options });
}

const task = { stage: "evidence", title: "Find the receipts" } as const;
const params = { path: { case_id: "c1" } };
const isProblem = (code: string) => (error: unknown) => error instanceof RejoinderProblem && error.code === code;

test("a list is read page by page with the same filters", async () => {
  const { baseUrl, seen } = await serve((request, count, response) => {
    assert.equal(request.headers.authorization, "Bearer rjk_test");
    answer(response, 200, { data: [{ title: `t${count}a` }, { title: `t${count}b` }], next_cursor: count < 3 ? `p${count}` : null, has_more: count < 3 });
  });
  const titles: string[] = [];
  const query = { status: ["todo", "in_progress"], limit: 2 } as const;
  for await (const found of client(baseUrl).pages("/v1/tasks", { params: { query: { ...query, status: [...query.status] } } })) titles.push(found.title);
  assert.deepEqual(titles, ["t1a", "t1b", "t2a", "t2b", "t3a", "t3b"]);
  const first = "/v1/tasks?status=todo,in_progress&limit=2";
  assert.deepEqual(seen.map((request) => request.url), [first, `${first}&cursor=p1`, `${first}&cursor=p2`]);
});

test("nobody reads further pages than they want", async () => {
  const { baseUrl, seen } = await serve((_, count, response) => answer(response, 200, { data: [{ id: count }], next_cursor: "on", has_more: true }));
  for await (const _ of client(baseUrl).pages("/v1/shops")) if (seen.length === 2) break;
  assert.equal(seen.length, 2);
});

for (const [status, code] of [[408, "too_slow"], [409, "idempotency_in_flight"], [429, "too_many_requests"], [503, "busy"], [507, "no_space"]] as const) {
  test(`a POST that is answered ${status} ${code} is sent again with the same key and body`, async () => {
    const { baseUrl, seen } = await serve((_, count, response) =>
      count < 3 ? problem(response, status, code, { "Retry-After": "0" }) : answer(response, 201, { title: task.title }, { ETag: '"4"' }),
    );
    const { data, etag } = await client(baseUrl).POST("/v1/cases/{case_id}/tasks", { params, body: task });
    assert.deepEqual([data.title, etag, seen.length], [task.title, '"4"', 3]);
    const keys = new Set(seen.map((request) => request.headers["idempotency-key"]));
    assert.equal(keys.size, 1);
    assert.match([...keys][0] as string, /^[0-9a-f]{32}$/);
    for (const request of seen) assert.deepEqual(JSON.parse(request.body), task);
  });
}

test("a POST whose answer is lost is sent again with the same key", async () => {
  const { baseUrl, seen } = await serve((_, count, response) => {
    if (count === 1) response.destroy();
    else if (count === 2) answer(response, 502, {}, { "Content-Type": "text/html" });
    else answer(response, 201, { title: task.title });
  });
  await client(baseUrl).POST("/v1/cases/{case_id}/tasks", { params, body: task });
  assert.equal(seen.length, 3);
  assert.equal(new Set(seen.map((request) => request.headers["idempotency-key"])).size, 1);
});

test("two POSTs have two keys, and a caller's own key is kept", async () => {
  const { baseUrl, seen } = await serve((_, __, response) => answer(response, 201, {}));
  const api = client(baseUrl);
  await api.POST("/v1/cases/{case_id}/tasks", { params, body: task });
  await api.POST("/v1/cases/{case_id}/tasks", { params, body: task });
  await api.POST("/v1/cases/{case_id}/tasks", { params: { ...params, header: { "Idempotency-Key": "mine" } }, body: task });
  const keys = seen.map((request) => request.headers["idempotency-key"]);
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys[2], "mine");
});

test("a POST that requires a key has one without being told, and its retry the same", async () => {
  const { baseUrl, seen } = await serve((_, count, response) => (count === 1 ? response.destroy() : answer(response, 200, { data: [{ case_id: "c1" }] })));
  const move = { params: { path: { playbook_id: "p1" } }, body: { case_ids: ["c1"] } };
  const { data } = await client(baseUrl).POST("/v1/playbooks/{playbook_id}/case_moves", move);
  assert.equal(data.data[0]?.case_id, "c1");
  assert.equal(seen.length, 2);
  assert.match(seen[0]?.headers["idempotency-key"] as string, /^[0-9a-f]{32}$/);
  assert.equal(seen[0]?.headers["idempotency-key"], seen[1]?.headers["idempotency-key"]);
});

test("sessions and invitations carry neither key nor token, and are not sent again when the network fails", async () => {
  const { baseUrl, seen } = await serve((_, __, response) => response.destroy());
  const api = client(baseUrl);
  await assert.rejects(api.POST("/v1/sessions", { body: { email: "a@b.example", password: "x" } }), TypeError);
  await assert.rejects(api.POST("/v1/sessions/refresh", { body: { refresh_token: "rjr_x" } }), TypeError);
  await assert.rejects(api.POST("/v1/invitations/accept", { body: { token: "rji_x", password: "x" } }), TypeError);
  assert.equal(seen.length, 3);
  for (const { headers } of seen) assert.deepEqual([headers["idempotency-key"], headers.authorization], [undefined, undefined]);
});

test("a change whose answer is lost is not sent again: nobody knows whether it was made", async () => {
  const { baseUrl, seen } = await serve((_, __, response) => response.destroy());
  const header = { "If-Match": '"1"' };
  await assert.rejects(client(baseUrl).PATCH("/v1/cases/{case_id}", { params: { ...params, header }, body: { title: "x" } }), TypeError);
  assert.equal(seen.length, 1);
});

test("Retry-After is kept to", async () => {
  const times: number[] = [];
  const { baseUrl } = await serve((_, count, response) => {
    times.push(Date.now());
    if (count === 1) problem(response, 429, "too_many_requests", { "Retry-After": "1" });
    else answer(response, 200, { title: "x" });
  });
  await client(baseUrl).GET("/v1/cases/{case_id}", { params });
  const waited = times[1]! - times[0]!;
  assert.ok(waited >= 990 && waited < 2500, `waited ${waited} ms`);
});

test("a server that wants more patience than there is, is not waited for", async () => {
  const { baseUrl, seen } = await serve((_, __, response) => problem(response, 429, "too_many_requests", { "Retry-After": "3600" }));
  await assert.rejects(client(baseUrl).GET("/v1/me"), (error) => error instanceof RejoinderProblem && error.retryAfter === 3600);
  assert.equal(seen.length, 1);
});

test("attempts end", async () => {
  const { baseUrl, seen } = await serve((_, __, response) => problem(response, 503, "busy", { "Retry-After": "0" }));
  await assert.rejects(client(baseUrl, { patience: { attempts: 3 } }).POST("/v1/cases/{case_id}/tasks", { params, body: task }), isProblem("busy"));
  assert.equal(seen.length, 3);
});

test("waiting ends with its signal", async () => {
  const { baseUrl, seen } = await serve((_, __, response) => problem(response, 503, "busy", { "Retry-After": "20" }));
  const started = Date.now();
  await assert.rejects(client(baseUrl).GET("/v1/me", { signal: AbortSignal.timeout(200) }), { name: "TimeoutError" });
  assert.ok(seen.length === 1 && Date.now() - started < 5000);
});

test("what is decided is not asked again", async () => {
  const { baseUrl, seen } = await serve((_, __, response) =>
    answer(response, 409, { code: "blocked", title: "t", detail: "d", request_id: "r", blockers: [{ code: "task_open", message: "m", stage: null, link: "/v1/tasks/1" }] }),
  );
  const close = client(baseUrl).POST("/v1/cases/{case_id}/transitions", { params, body: { to: "closed" } });
  await assert.rejects(close, (error) => error instanceof RejoinderProblem && error.blockers[0]?.code === "task_open" && error.requestId === "r");
  assert.equal(seen.length, 1);
});

test("an answer that is not the server's is a problem, too", async () => {
  const { baseUrl } = await serve((_, __, response) => answer(response, 418, undefined, { "Content-Type": "text/html" }));
  await assert.rejects(client(baseUrl).GET("/v1/me"), (error) => error instanceof RejoinderProblem && error.code === "unknown" && error.status === 418);
});

/** A server with sessions: a token is good until it is told to end. */
async function serveSessions(expiresIn = 600) {
  let number = 0;
  let good = "";
  const opened: string[] = [];
  const state = { end: () => (good = ""), endSession: () => (refreshable = ""), opened };
  let refreshable = "";
  const server = await serve((request, _, response) => {
    if (request.url.startsWith("/v1/sessions")) {
      const body = JSON.parse(request.body) as { refresh_token?: string };
      if (body.refresh_token !== undefined && body.refresh_token !== refreshable) return problem(response, 401, "unauthenticated");
      number += 1;
      opened.push(request.url);
      good = `access-${number}`;
      refreshable = `refresh-${number}`;
      return answer(response, 201, { access_token: good, refresh_token: refreshable, expires_in: expiresIn, token_type: "Bearer" });
    }
    if (request.headers.authorization !== `Bearer ${good}`) return problem(response, 401, "unauthenticated");
    return answer(response, 200, { member: { name: good } });
  });
  return { ...server, ...state };
}

const credentials = { email: "handler@demo.example", password: "x" };

test("many calls log in once, and renew once when the token has ended", async () => {
  const server = await serveSessions();
  const sessions: string[] = [];
  const api = createRejoinder({ baseUrl: server.baseUrl, credentials, onSession: (session) => sessions.push(session.refresh_token) });
  await Promise.all(Array.from({ length: 20 }, () => api.GET("/v1/me")));
  server.end();
  const answers = await Promise.all(Array.from({ length: 20 }, () => api.GET("/v1/me")));
  assert.ok(answers.every(({ data }) => data.member.name === "access-2"));
  assert.deepEqual(server.opened, ["/v1/sessions", "/v1/sessions/refresh"]);
  assert.deepEqual(sessions, ["refresh-1", "refresh-2"]);
});

test("a token is renewed before it runs out", async () => {
  const server = await serveSessions(0);
  const api = createRejoinder({ baseUrl: server.baseUrl, credentials });
  await api.GET("/v1/me");
  await api.GET("/v1/me");
  assert.ok(server.opened.slice(1).every((url) => url === "/v1/sessions/refresh") && server.opened.length >= 2);
  assert.ok(server.seen.filter((request) => request.url === "/v1/me").length === 2);
});

test("a session that has ended is begun anew with the password, and not without it", async () => {
  const server = await serveSessions();
  const api = createRejoinder({ baseUrl: server.baseUrl, credentials });
  await api.GET("/v1/me");
  server.end();
  server.endSession();
  await api.GET("/v1/me");
  assert.deepEqual(server.opened, ["/v1/sessions", "/v1/sessions"]);
  const resumed = createRejoinder({ baseUrl: server.baseUrl, credentials: { refresh_token: "refresh-2" } });
  await resumed.GET("/v1/me");
  server.end();
  server.endSession();
  await assert.rejects(resumed.GET("/v1/me"), isProblem("unauthenticated"));
});

test("a POST keeps its key and body when its token has to be renewed", async () => {
  const server = await serveSessions();
  const api = createRejoinder({ baseUrl: server.baseUrl, credentials });
  await api.GET("/v1/me");
  server.end();
  await api.POST("/v1/cases/{case_id}/tasks", { params, body: task });
  const posts = server.seen.filter((request) => request.url.endsWith("/tasks"));
  assert.equal(posts.length, 2);
  assert.equal(posts[0]!.headers["idempotency-key"], posts[1]!.headers["idempotency-key"]);
  assert.deepEqual(JSON.parse(posts[1]!.body), task);
});

test("a wrong password is not taken for a token that has ended", async () => {
  const { baseUrl, seen } = await serve((request, _, response) => {
    if (request.url === "/v1/sessions") answer(response, 201, { access_token: "a", refresh_token: "r", expires_in: 600 });
    else problem(response, 401, "wrong_credentials");
  });
  const api = createRejoinder({ baseUrl, credentials });
  await assert.rejects(api.PUT("/v1/me/password", { body: { old_password: "x", new_password: "long enough" } }), isProblem("wrong_credentials"));
  assert.equal(seen.length, 2);
});

test("a change reads the version, and reads again when somebody else was quicker", async () => {
  let version = 6;
  const { baseUrl, seen } = await serve((request, count, response) => {
    if (request.method === "GET") return answer(response, 200, { tags: [`v${version}`] }, { ETag: `"${version}"` });
    if (count === 2) version = 7;
    if (request.headers["if-match"] !== `"${version}"`) return problem(response, 412, "stale", { ETag: `"${version}"` });
    return answer(response, 200, JSON.parse(request.body), { ETag: `"${version + 1}"` });
  });
  const api = client(baseUrl);
  const { data, etag } = await api.change("/v1/cases/{case_id}", { params, body: (current) => ({ tags: [...current.tags, "mine"] }) });
  assert.deepEqual([data.tags, etag], [["v7", "mine"], '"8"']);
  assert.deepEqual(seen.map((request) => request.method), ["GET", "PATCH", "GET", "PATCH"]);
  assert.equal(seen[1]!.headers["content-type"], "application/merge-patch+json");
});

test("a change of a given version is made to that version or not at all", async () => {
  const { baseUrl, seen } = await serve((_, __, response) => problem(response, 412, "stale", { ETag: '"9"' }));
  const change = client(baseUrl).change("/v1/cases/{case_id}", { params, body: { title: "x" }, etag: '"8"' });
  await assert.rejects(change, (error) => error instanceof RejoinderProblem && error.code === "stale" && error.etag === '"9"');
  assert.deepEqual(seen.map((request) => request.headers["if-match"]), ['"8"']);
});

test("the language goes along, and a call may ask for another", async () => {
  const { baseUrl, seen } = await serve((_, __, response) => answer(response, 200, {}));
  const api = client(baseUrl, { language: "en" });
  await api.GET("/v1/me");
  await api.GET("/v1/me", { params: { header: { "Accept-Language": "zh-CN" } } });
  assert.deepEqual(seen.map((request) => request.headers["accept-language"]), ["en", "zh-CN"]);
});

test("the sample of the README is the one that is compiled", async () => {
  const [readme, sample] = await Promise.all(["../README.md", "../test/readme.ts"].map((file) => readFile(new URL(file, import.meta.url), "utf8")));
  assert.ok(readme!.includes("```ts\n" + sample + "```"));
});
