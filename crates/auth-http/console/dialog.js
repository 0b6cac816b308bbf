// Dialogs: what changes something asks first, acts within, and tells there what is wrong.
import { GivenUp } from "./api.js";
import { button, el, fresh } from "./dom.js";
import { form } from "./forms.js";

/**
 * Opens a dialog. `content` gets `close(answer)` and makes what is in it. The answer is that of `close`; nothing if somebody gave up.
 * The browser keeps the focus in it, and gives it back.
 */
export function open(title, content) {
  return new Promise((resolve) => {
    const id = fresh("dialog");
    const shown = el("dialog", { "aria-labelledby": id });
    let answer;
    const close = (given) => {
      answer = given;
      shown.close();
    };
    shown.append(el("h2", { id }, title), ...[content(close)].flat());
    shown.addEventListener("cancel", (event) => { if (acts(shown)) event.preventDefault(); });
    shown.addEventListener("close", () => {
      shown.remove();
      resolve(answer);
    });
    document.body.append(shown);
    shown.showModal();
  });
}

const acts = (dialog) => dialog.querySelector("[data-acting]") !== null;

/** A button that gives up, unless something is under way: that ends first. */
export const giveUp = (close) => button("Cancel", ({ target }) => { if (!acts(target.closest("dialog"))) close(); });

/** Asks for what a form takes, then does it. Tells whether it was done; what was done gives the answer of `act`. */
export const fill = (title, { act, submit, kind, ...attributes }, ...children) =>
  open(title, (close) => form({
    ...attributes, submit, kind, others: [giveUp(close)],
    act: async (values) => close({ done: await act(values) }),
  }, children));

/** Asks whether something is to be done, then does it. */
export const confirm = (title, { text, more, ...rest }) => fill(title, rest, el("p", {}, text), more);

/** What waits for a dialog goes on with its answer, or not at all. */
export async function demand(title, content) {
  const answer = await open(title, content);
  if (answer === undefined) throw new GivenUp();
  return answer;
}

/** What nobody can answer any more. */
export const closeAll = () => document.querySelectorAll("dialog").forEach((shown) => shown.close());
