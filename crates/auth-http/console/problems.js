// What is wrong, in the server's words, and what can be done about it.
import { Problem } from "./api.js";
import { button, code, el, stored } from "./dom.js";
import * as session from "./session.js";

/** What helps, by the code of the problem. */
const ADVICE = {
  factor_required: () => [
    "Whoever administers needs one. Add an authenticator app or a passkey, then log in again",
    ...place("passkeys", [": ", outside("/pages/passkeys", "second factors of your account"), "."], ["."]),
  ],
  insufficient_scope: () => [
    "You are logged in as ", stored(session.me?.email ?? ""), ", without the role ", code("admin"),
    ". Another administrator can give it to you, or on the server ", code("auth-server users roles add"), ".",
  ],
  reauthentication_required: () => ["Show again that it is you: a password, a code or a passkey."],
  precondition_failed: () => ["Nothing was changed. Load it again and look at what is there now."],
  last_administrator: () => ["Give somebody else the role first. Whoever administers may need a second factor as well."],
  origin_not_allowed: () => ["The server takes changes from listed origins alone. Open the console by the address that ", code("PUBLIC_URL"), " names."],
};

/** What is said in place of what the server says to programs. */
const INSTEAD = {
  precondition_failed: "Somebody else has changed this account since it was loaded.",
  factor_required: "Your account has no second factor.",
  insufficient_scope: "Your account may not administer.",
  reauthentication_required: "The server asks you to authenticate again.",
  last_administrator: "This is the last account that can administer the others.",
};

const place = (feature, there, missing) => (document.documentElement.dataset[feature] === "true" ? there : missing);

/** A link that leaves the console where it is. */
const outside = (href, text) => el("a", { href, target: "_blank", rel: "noopener" }, text);

/** What else can be said of a fault than that a part of this program failed. */
function known(error) {
  if (error instanceof Problem) return error;
  // For whoever looks for the reason.
  reportError(error);
  return new Problem(0, { detail: "This page failed. Load it again; if it fails again, the browser's console has the reason." });
}

/** A box that says what is wrong; `faults` are those that no field says. A way out of it may come with the problem: a text, and what it does. */
export function problemBox(error, faults) {
  const problem = known(error);
  const untold = faults ?? problem.faults;
  const list = untold.length > 0 && el("ul", {}, untold.map(({ field, message }) => el("li", {}, field && [code(field), " "], message)));
  const advice = ADVICE[problem.code]?.();
  const wait = problem.wait > 0 && el("p", {}, `Try again in ${problem.wait} s.`);
  const way = problem.way && el("p", {}, button(...problem.way));
  // For whoever looks into the log: what somebody did wrong is not there.
  const told = problem.status >= 500 && problem.request && el("p", { class: "quiet small" }, "Request ", code(problem.request));
  return el("div", { class: "problem", role: "alert", tabindex: "-1", "data-code": problem.code },
    el("p", {}, el("strong", {}, INSTEAD[problem.code] ?? problem.message)), list, advice && el("p", {}, advice), wait, way, told);
}
