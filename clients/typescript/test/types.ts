// What the compiler takes and what it refuses. Compiled, never run.
import { createRejoinder } from "@rejoinder/client";

const api = createRejoinder({ baseUrl: "https://cases.example", token: "rjk_" });
const params = { path: { case_id: "019ab000-0000-7000-8000-000000000000" } };
const ofPlaybook = { path: { playbook_id: "019ab000-0000-7000-8000-000000000001" } };

export async function taken(): Promise<void> {
  const { data, etag } = await api.GET("/v1/cases/{case_id}", { params });
  const title: string = data.title;
  const version: string | undefined = etag;
  const nothing: undefined = (await api.DELETE("/v1/sessions/current")).data;
  await api.change("/v1/cases/{case_id}", { params, body: { title }, etag: version ?? '"1"' });
  await api.change("/v1/cases/{case_id}", { params, body: (current) => ({ tags: [...current.tags, "seen"] }) });
  await api.PATCH("/v1/cases/{case_id}", { params: { ...params, header: { "If-Match": '"1"' } }, body: { title } });
  for await (const found of api.pages("/v1/tasks", { params: { query: { status: ["todo", "in_progress"] } } })) takesText(found.title);
  for await (const blocker of api.pages("/v1/cases/{case_id}/blockers", { params })) takesText(blocker.code);
  // The key that many at once require is made by the client; one's own is taken, too.
  await api.POST("/v1/playbooks/{playbook_id}/case_moves", { params: ofPlaybook, body: { case_ids: [params.path.case_id] } });
  const header = { "Idempotency-Key": "mine", "Accept-Language": "en" };
  await api.POST("/v1/playbooks/{playbook_id}/case_moves", { params: { ...ofPlaybook, header }, body: { case_ids: [params.path.case_id] } });
  takesText(nothing ?? "");
}

export async function refused(): Promise<void> {
  // @ts-expect-error there is no such path
  await api.GET("/v1/nothing");
  // @ts-expect-error the path needs an id
  await api.GET("/v1/cases/{case_id}");
  // @ts-expect-error there is no such filter
  await api.GET("/v1/cases", { params: { query: { nothing: 1 } } });
  // @ts-expect-error there is no such field, and others are missing
  await api.POST("/v1/cases", { body: { titel: "x" } });
  // @ts-expect-error there is no such field
  await api.change("/v1/cases/{case_id}", { params, body: { titel: "x" } });
  // @ts-expect-error a case is not a list
  api.pages("/v1/cases/{case_id}", { params });
  // @ts-expect-error the list of a case needs its id
  api.pages("/v1/cases/{case_id}/blockers");
  // @ts-expect-error PATCH needs If-Match
  await api.PATCH("/v1/cases/{case_id}", { params, body: { title: "x" } });
  // @ts-expect-error DELETE of a draft needs If-Match
  await api.DELETE("/v1/playbooks/{playbook_id}", { params: ofPlaybook });
  // @ts-expect-error a move of many needs the playbook
  await api.POST("/v1/playbooks/{playbook_id}/case_moves", { body: { case_ids: [] } });
  const header = { "Idempotency-Key": 7 };
  // @ts-expect-error a key is text
  await api.POST("/v1/playbooks/{playbook_id}/case_moves", { params: { ...ofPlaybook, header }, body: { case_ids: [] } });
}

function takesText(text: string): void {
  void text;
}
