// CBOR for tests: writes what it is told, in canonical form or out of it, and says whether bytes are in canonical form (CTAP 2.2
// section 8). Shares nothing with the server's reader.

/** Bytes that are in an item as they are. */
export class Raw {
  constructor(bytes) {
    this.bytes = Buffer.from(bytes);
  }
}

/** An item's first bytes, with the argument in the fewest bytes, or in `width`. */
export function head(kind, argument, width = undefined) {
  const value = BigInt(argument);
  width ??= value < 24n ? 0 : value < 0x100n ? 1 : value < 0x10000n ? 2 : value < 0x100000000n ? 4 : 8;
  if (width === 0) return Buffer.from([(kind << 5) | Number(value)]);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return Buffer.concat([Buffer.from([(kind << 5) | { 1: 24, 2: 25, 4: 26, 8: 27 }[width]]), bytes.subarray(8 - width)]);
}

/** A Map or a list of pairs is a map in the order it has. */
export function encode(item) {
  if (item instanceof Raw) return item.bytes;
  if (typeof item === "number" || typeof item === "bigint") {
    return item < 0 ? head(1, -1n - BigInt(item)) : head(0, item);
  }
  if (typeof item === "string") return Buffer.concat([head(3, Buffer.byteLength(item)), Buffer.from(item)]);
  if (item instanceof Uint8Array) return Buffer.concat([head(2, item.length), item]);
  if (Array.isArray(item)) return Buffer.concat([head(4, item.length), ...item.map(encode)]);
  if (item instanceof Map) return pairs([...item]);
  return Buffer.from([{ false: 0xf4, true: 0xf5, null: 0xf6, undefined: 0xf7 }[item]]);
}

/** A map whose keys may be out of order, or come twice. */
export const pairs = (entries) => Buffer.concat([head(5, entries.length), ...entries.flat().map(encode)]);

/** The length of the canonical item at the start of the bytes; undefined where none is. At most 256 items, four levels. */
export function canonical(bytes) {
  const state = { items: 256 };
  return measure(Buffer.from(bytes), 0, 4, state);
}

export const isCanonical = (bytes) => canonical(bytes) === bytes.length;

/** Where the item ends that starts `at`. */
function measure(bytes, at, levels, state) {
  if (state.items-- === 0 || at >= bytes.length) return undefined;
  const [kind, short] = [bytes[at] >> 5, bytes[at] & 31];
  if (short > 27) return undefined;
  const width = short < 24 ? 0 : 1 << (short - 24);
  if (at + 1 + width > bytes.length) return undefined;
  let argument = BigInt(short);
  if (width > 0) argument = BigInt(`0x${bytes.subarray(at + 1, at + 1 + width).toString("hex")}`);
  if (!bytes.subarray(at, at + 1 + width).equals(head(kind, argument))) return undefined;
  let end = at + 1 + width;
  if (kind < 2) return end;
  if (kind < 4) {
    if (BigInt(end) + argument > BigInt(bytes.length)) return undefined;
    const content = bytes.subarray(end, end + Number(argument));
    return kind === 3 && !isUtf8(content) ? undefined : end + content.length;
  }
  if (kind === 7) return [20n, 21n, 22n].includes(argument) && width === 0 ? end : undefined;
  if (kind === 6 || levels === 0) return undefined;
  let before;
  for (let entry = 0n; entry < argument; entry++) {
    if (kind === 5) {
      const start = end;
      if (![0, 1, 3].includes(bytes[start] >> 5)) return undefined;
      end = measure(bytes, start, 0, state);
      if (end === undefined) return undefined;
      const key = bytes.subarray(start, end);
      if (before && !isBefore(before, key)) return undefined;
      before = key;
    }
    end = measure(bytes, end, levels - 1, state);
    if (end === undefined) return undefined;
  }
  return end;
}

function isBefore(one, other) {
  const [a, b] = [one[0] >> 5, other[0] >> 5];
  if (a !== b) return a < b;
  return one.length !== other.length ? one.length < other.length : one.compare(other) < 0;
}

export function isUtf8(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
