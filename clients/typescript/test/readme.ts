import { createRejoinder, RejoinderProblem } from "@rejoinder/client";

const rejoinder = createRejoinder({
  baseUrl: "http://127.0.0.1:8080",
  credentials: { email: "handler@demo.example", password: "rejoinder-demo" },
  language: "en",
});

// Every open case, the most urgent first; pages are fetched as they are needed.
for await (const found of rejoinder.pages("/v1/cases", { params: { query: { status: "open", sort: "next_due_at" } } })) {
  console.log(found.number, found.title, found.next_deadline?.due_at);
}

const { data } = await rejoinder.GET("/v1/cases", { params: { query: { status: "open", limit: 1 } } });
const params = { path: { case_id: data.data[0]!.id } };

// Reads the version, changes that version; reads again when somebody else was quicker.
await rejoinder.change("/v1/cases/{case_id}", { params, body: (current) => ({ tags: [...current.tags, "seen"] }) });

try {
  await rejoinder.POST("/v1/cases/{case_id}/transitions", { params, body: { to: "closed" } });
} catch (error) {
  if (!(error instanceof RejoinderProblem) || error.code !== "blocked") throw error;
  for (const blocker of error.blockers) console.log(blocker.message, blocker.link);
}
