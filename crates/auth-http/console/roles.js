// The roles of an account: one tick for each, and room for another.
import { fill } from "./dialog.js";
import { badge, button, el, fresh, stored } from "./dom.js";
import { field } from "./forms.js";

/** The roles as they are shown. */
export const list = (roles) =>
  roles.length > 0
    ? el("ul", { class: "badges" }, roles.map((role) => el("li", {}, badge(stored(role), role === "admin" ? "strong" : ""))))
    : el("p", { class: "quiet" }, "none");

const tick = (role) => {
  const id = fresh("role");
  const box = el("input", { id, type: "checkbox", name: "roles", value: role, "data-list": true });
  box.checked = true;
  return el("li", { class: "check" }, box, el("label", { for: id }, stored(role)));
};

/** Names as somebody types them, with blanks or commas between. */
export const named = (text) => text.split(/[\s,]+/).filter(Boolean);

/** Lets somebody change them; `change` gets all that there are to be. */
export function edit(roles, change) {
  const ticks = el("ul", { class: "ticks" }, roles.map(tick));
  const more = field("more", "Add roles", { "data-of": "roles", hint: "A letter from a to z, then up to 62 of a to z, 0 to 9, _ . : and -" });
  const input = more.querySelector("input");
  const take = () => {
    const there = [...ticks.querySelectorAll("input")].map(({ value }) => value);
    ticks.append(...named(input.value).filter((role) => !there.includes(role)).map(tick));
    input.value = "";
    input.focus();
  };
  more.append(el("div", { class: "joined" }, input, button("Add", take)));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || input.value.trim() === "") return;
    event.preventDefault();
    take();
  });
  const act = ({ roles = [], more }) => change({ roles: [...new Set([...roles, ...named(more)])] });
  return fill("Roles", { submit: "Save", act }, el("fieldset", { class: "field" }, el("legend", { class: "unseen" }, "Roles"), ticks), more);
}
