// Who is logged in, and how.
import { code, facts, link, section, stored, when } from "./dom.js";
import * as roles from "./roles.js";
import { to } from "./router.js";
import { call, claims } from "./session.js";

export async function show({ signal }) {
  const { body: me } = await call("GET", "/auth/me", { signal });
  const { acr, amr, auth_time: at, exp } = claims();
  const time = (seconds) => when(new Date(seconds * 1000).toISOString());
  return {
    title: "Your session",
    parts: [
      section("Who you are", { class: "card" }, facts([
        ["Address", stored(me.email)],
        ["Id", code(me.id)],
        ["Roles", roles.list(me.roles)],
        ["Account", link(to(`/users/${me.id}`), "as administrators see it")],
      ])),
      section("How you are logged in", { class: "card" }, facts([
        amr && ["By", amr.join(", ")],
        acr && ["Level", acr],
        at && ["Authenticated", time(at)],
        ["Access token until", time(exp), " (it is replaced before)"],
      ])),
    ],
  };
}
