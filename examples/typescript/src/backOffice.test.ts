// Holds the back office against the server in $URL, whose commands $AUTH_SERVER runs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { BackOffice, type Patch } from "./backOffice.js";
import { AuthClient, Problem, unwrap } from "./client.js";

const { URL: baseUrl, AUTH_SERVER: program } = process.env;
assert(baseUrl && program, "URL and AUTH_SERVER must be set");

function office(scopes: string): BackOffice {
  const added = execFileSync(program!, ["clients", "add", `Office ${randomUUID()}`, "--scope", scopes, "--json"], { encoding: "utf8" });
  const { client_id: clientId, client_secret: clientSecret } = JSON.parse(added) as { client_id: string; client_secret: string };
  return new BackOffice({ baseUrl: baseUrl!, clientId, clientSecret });
}

async function person(): Promise<{ ann: AuthClient; email: string; id: string }> {
  const [ann, email] = [new AuthClient({ baseUrl: baseUrl! }), `ts-office-${randomUUID()}@example.org`];
  await ann.register(email, "Correct-Horse-7-Battery");
  return { ann, email, id: unwrap(await ann.api.GET("/auth/me")).id };
}

const refusedWith = (code: string) => (error: unknown) => error instanceof Problem && error.code === code;

test("who leaves is out at once", async () => {
  const { ann, email, id } = await person();
  assert.equal((await office("admin:read,admin:write").offboard(email))?.disabled, true);
  await assert.rejects(async () => unwrap(await ann.api.GET("/auth/me")), refusedWith("token_invalid"));
  const disabled: string[] = [];
  for await (const account of office("admin:read").accounts({ prefix: email, status: "disabled" })) disabled.push(account.id);
  assert.deepEqual(disabled, [id]);
  assert.equal(await office("admin:read,admin:write").offboard(`nobody-${email}`), undefined);
});

test("an account is changed as it was read", async () => {
  const [{ id }, back] = [await person(), office("admin:read,admin:write")];
  const gold = { plan: "gold" };
  await back.change(id, (): Patch => ({ attributes: gold }));
  const asked: unknown[] = [];
  const changed = await back.change(id, (account): Patch => {
    asked.push(account.attributes);
    return { attributes: { seen: asked.length } };
  });
  assert.deepEqual([asked, changed.attributes], [[gold], { ...gold, seen: 1 }]);
});

test("a scope that is missing is told", async () => {
  const { email } = await person();
  await assert.rejects(office("admin:read").offboard(email), refusedWith("insufficient_scope"));
});
