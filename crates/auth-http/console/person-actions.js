// What can be done to an account. Each asks first, and changes it only as it was shown: somebody else may have been faster.
import { closeAll, confirm, fill } from "./dialog.js";
import * as documents from "./documents.js";
import { el, stored } from "./dom.js";
import { Refused, field } from "./forms.js";
import * as roles from "./roles.js";
import { go, reload } from "./router.js";
import { call } from "./session.js";

const of = ({ user }) => `/admin/users/${user.id}`;
const name = ({ user }) => stored(user.email);
const own = ({ self }, what) => self && el("p", { class: "told" }, `This is your own account: ${what}`);
const YOU_ARE_OUT = "you will be logged out.";

/** Asks for something of the account as it was shown. Where it is another by now, only loading it again helps. */
async function change(method, account, body) {
  try {
    return await call(method, of(account), { body, tag: account.tag });
  } catch (problem) {
    if (problem.code === "precondition_failed") problem.way = ["Load the account again", again];
    throw problem;
  }
}

function again() {
  closeAll();
  reload("The account was loaded again.");
}

/** Shows what has become of it, if anything was done. */
async function then(told, opened) {
  if (await opened) await reload(told);
}

export const changeAddress = (account) =>
  then("The address is changed.", fill("Change address", {
    submit: "Change address",
    act: ({ email, email_verified }) => change("PATCH", account, { email: email.trim(), email_verified }),
  },
  el("p", {}, "Sessions go on. Where mails are sent, the address before is told."),
  field("email", "New address", { type: "email", required: true, value: account.user.email }),
  field("email_verified", "The new address is verified", { type: "checkbox", value: false })));

export function verify(account) {
  const verified = !account.user.email_verified;
  return then(verified ? "The address is verified." : "The address is not verified any more.", confirm(verified ? "Mark as verified" : "Mark as not verified", {
    text: verified ? ["Its owner reads the mails to ", name(account), ": say so only if you know it."] : [name(account), " will have to be verified again."],
    submit: verified ? "Mark as verified" : "Mark as not verified",
    act: () => change("PATCH", account, { email_verified: verified }),
  }));
}

export function disable(account) {
  const disabled = !account.user.disabled;
  return then(disabled ? "The account is disabled." : "The account is enabled.", confirm(disabled ? "Disable" : "Enable", {
    text: disabled ? [name(account), " cannot log in any more, and every session of it ends at once."] : [name(account), " can log in again."],
    more: disabled && own(account, YOU_ARE_OUT),
    submit: disabled ? "Disable" : "Enable",
    kind: disabled ? "danger" : "",
    act: () => change("PATCH", account, { disabled }),
  }));
}

export const changeRoles = (account) => then("The roles are changed.", roles.edit(account.user.roles, (patch) => change("PATCH", account, patch)));

export const changeDocument = (account, member, title) =>
  then(`${title} changed.`, documents.edit(member, title, account.user[member], (patch) => change("PATCH", account, patch)));

export const sendReset = (account) =>
  then("If the account may get another mail now, it is on its way.", confirm("Send password reset", {
    text: ["A mail to ", name(account), " by which its owner chooses another password. At most one in a minute, and five in an hour."],
    submit: "Send",
    act: () => call("POST", `${of(account)}/password-reset`),
  }));

export const resetFactors = (account) =>
  then("The factors are removed.", confirm("Reset factors", {
    text: [name(account), " loses every authenticator app, passkey and recovery code. Every session ends, and a password alone logs in again. Its owner is told where mails are sent."],
    more: own(account, YOU_ARE_OUT),
    submit: "Reset factors",
    kind: "danger",
    act: () => call("POST", `${of(account)}/reset-factors`),
  }));

export const endSession = (account, { id, ip }) =>
  then("The session has ended.", confirm("End session", {
    text: ["The session of ", name(account), ip && [" from ", el("code", {}, ip)], " ends at once."],
    submit: "End session",
    kind: "danger",
    act: () => call("DELETE", `${of(account)}/sessions/${id}`),
  }));

export const endAll = (account) =>
  then("Every session has ended.", confirm("End all sessions", {
    text: [name(account), " is logged out everywhere."],
    more: own(account, YOU_ARE_OUT),
    submit: "End all sessions",
    kind: "danger",
    act: () => call("DELETE", `${of(account)}/sessions`),
  }));

/** Whoever deletes types the address: it cannot be taken back. */
export async function remove(account) {
  const { email } = account.user;
  const done = await fill("Delete account", {
    submit: "Delete for good",
    kind: "danger",
    act: ({ typed }) => {
      if (typed.trim() !== email) throw new Refused("typed", "This is not the address of the account.");
      return change("DELETE", account);
    },
  },
  el("p", {}, name(account), " goes for good, with sessions, factors, profile and attributes. The address is free again."),
  own(account, YOU_ARE_OUT),
  field("typed", "Type the address to confirm", {}));
  if (done) go("/users", {}, `${email} is deleted.`);
}
