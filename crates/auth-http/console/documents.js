// The JSON objects that are kept of an account: shown so that nothing hides in them, and changed by merge patches (RFC 7396).
import { parse } from "./api.js";
import { fill } from "./dialog.js";
import { el } from "./dom.js";
import { Refused, field } from "./forms.js";

/** Marks that turn text round, break lines or cannot be seen. In JSON they can be written in another way. */
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** JSON as people read it. */
export const written = (value) =>
  JSON.stringify(value, null, 2).replace(UNSEEN, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);

export const shown = (value, label) => el("pre", { class: "json", dir: "ltr", tabindex: "0", role: "group", "aria-label": `${label} as JSON` }, written(value));

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON?.(value);

function same(one, other) {
  if (isObject(one) && isObject(other)) {
    const names = Object.keys(one);
    return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name]));
  }
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((item, at) => same(item, other[at]));
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Whether a member of it is `null`. In a merge patch that removes the member, so nobody can set it. */
const hasNull = (value) => value === null || (isObject(value) && Object.values(value).some(hasNull));

/** The merge patch that makes one object of the other; nothing if they are the same. Throws if there is none. */
export function mergePatch(from, to) {
  if (same(from, to)) return undefined;
  const gone = Object.keys(from).filter((name) => !Object.hasOwn(to, name)).map((name) => [name, null]);
  const others = Object.keys(to).filter((name) => !Object.hasOwn(from, name) || !same(from[name], to[name])).map((name) => {
    const before = Object.hasOwn(from, name) ? from[name] : undefined;
    if (isObject(before) && isObject(to[name])) return [name, mergePatch(before, to[name])];
    if (hasNull(to[name])) throw new Error(`no member can be set to null (${name}): leave it out, and it is removed`);
    return [name, to[name]];
  });
  // By entries: `__proto__` is a name like any other.
  return Object.fromEntries([...gone, ...others]);
}

/** What somebody typed into the field of this name: an object. */
export function objectOf(name, text) {
  let value;
  try {
    value = parse(text);
  } catch (error) {
    throw new Refused(name, `This is not JSON: ${error.message}`);
  }
  if (!isObject(value)) throw new Refused(name, "must be an object: { … }");
  return value;
}

/** Lets somebody change an object; `change` gets the patch. */
export function edit(name, title, value, change) {
  const act = async (values) => {
    const patch = patchOf(name, value, objectOf(name, values[name]));
    if (patch === undefined) throw new Refused(name, "Nothing is changed.");
    await change({ [name]: patch });
  };
  const hint = "At most 4 KiB and five levels deep. What you take out is removed; what you leave alone is not sent.";
  return fill(title, { submit: "Save", act, class: "wide" }, field(name, "As JSON", { type: "textarea", hint, rows: 14, class: "json", dir: "ltr", value: written(value) }));
}

function patchOf(name, from, to) {
  try {
    return mergePatch(from, to);
  } catch (error) {
    throw new Refused(name, error.message);
  }
}
