// Where the console begins: its views, and what is around them.
import * as audit from "./audit.js";
import { closeAll } from "./dialog.js";
import { note } from "./dom.js";
import * as lists from "./lists.js";
import * as me from "./me.js";
import * as person from "./person.js";
import { showLogin, start } from "./router.js";
import * as session from "./session.js";
import { stepUp } from "./step-up.js";
import * as users from "./users.js";

session.wire({
  stepUp,
  ended: (told) => {
    closeAll();
    showLogin(told);
  },
});

document.getElementById("log-out").addEventListener("click", () => {
  session.logOut().catch((problem) => {
    if (problem.status !== 401) note("The server could not be told: the session goes on there until it expires.");
  });
});

// The fragment is the address of a view, so this link cannot be one.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector("main").focus();
});

start([
  [/^\/users$/, users.search],
  [/^\/users\/new$/, users.create],
  [/^\/users\/([^/]+)$/, person.show],
  [/^\/audit$/, audit.show],
  [/^\/clients$/, lists.clients],
  [/^\/keys$/, lists.keys],
  [/^\/outbox$/, lists.outbox],
  [/^\/me$/, me.show],
]);
