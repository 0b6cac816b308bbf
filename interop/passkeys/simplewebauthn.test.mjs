// Thousands of ceremonies, honest and bent, judged by this server and by @simplewebauthn/server. SEED repeats a run, CASES sizes it.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ALGORITHMS, Device, base64url, write } from "./authenticator.mjs";
import { DIFFERENCES } from "./differences.mjs";
import { PLANS, WRITTEN } from "./mutations.mjs";
import { Random } from "./random.mjs";
import { ours, theirs } from "./verifiers.mjs";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
/** How often each way to bend a ceremony is tried. */
const TURNS = Number(process.env.TURNS ?? 40);
console.log(`SEED=${SEED}`);

const server = ours();
after(() => server.end());

const random = new Random(SEED);
const world = { devices: [], seen: { register: [], authenticate: [] } };
const counts = { accepted: 0, refused: 0, differ: new Map(DIFFERENCES.map(({ name }) => [name, 0])) };

/** Both verdicts, which are equal or differ as they may. */
async function judged(said, how) {
  const [mine, other] = [await server.judge(said), await theirs(said)];
  const told = () => {
    const text = JSON.stringify(said, (_, value) => (value?.type === "Buffer" ? base64url(value.data) : value));
    return `SEED=${SEED}: ${how}\nours: ${JSON.stringify(mine)}\ntheirs: ${JSON.stringify(other)}\n${text}`;
  };
  if ("refused" in mine === "refused" in other) {
    counts["refused" in mine ? "refused" : "accepted"]++;
    if (!("refused" in mine)) assert.deepEqual(other, mine, told());
  } else {
    const reasons = DIFFERENCES.filter(({ fault, applies }) => fault === mine.refused && applies(said));
    assert(reasons.length > 0, told());
    for (const { name } of reasons) counts.differ.set(name, counts.differ.get(name) + 1);
  }
  return mine;
}

test("both take what honest authenticators say, and see the same in it", async () => {
  for (const algorithm of ALGORITHMS) {
    for (const options of [{}, { eligible: true }, { counter: 7 }, { eligible: true, counter: 1000 }]) {
      const device = new Device(random, algorithm, options);
      const said = write(device.plan(random, "register"));
      device.credential = await judged(said, "honest");
      assert.equal(device.credential.refused, undefined);
      assert.equal(device.credential.id, base64url(device.id));
      device.counter &&= device.counter + 1;
      const assertion = write(device.plan(random, "authenticate"));
      const shown = await judged(assertion, "honest");
      assert.deepEqual(shown, { counter: device.counter, backed_up: false });
      world.devices.push(device);
      world.seen.register.push(said);
      world.seen.authenticate.push(assertion);
    }
  }
});

for (const ceremony of ["register", "authenticate"]) {
  test(`both judge alike whatever is bent: ${ceremony}`, async () => {
    const [plans, written] = [Object.entries(PLANS[ceremony]), Object.entries(WRITTEN[ceremony])];
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [name, bend] of [...plans, ...written]) {
        const device = random.pick(world.devices);
        const plan = device.plan(random, ceremony);
        const bent = [name];
        const isPlanned = name in PLANS[ceremony];
        if (isPlanned) bend(plan, random, world);
        // One in four is bent twice.
        if (random.below(4) === 0) {
          const [more, again] = random.pick(plans);
          again(plan, random, world);
          bent.push(more);
        }
        const said = write(plan);
        if (!isPlanned) bend(said, random, world);
        await judged(said, `${ceremony}, ${bent.join(" and ")}, ${device.algorithm}`);
      }
    }
  });
}

test("each difference that is listed has come up", () => {
  const { accepted, refused, differ } = counts;
  console.log(`${accepted} accepted by both, ${refused} refused by both, and of those that differ as they may:`);
  for (const [name, count] of differ) console.log(`${String(count).padStart(6)}  ${name}`);
  assert(accepted > 5 * TURNS && refused > 20 * TURNS, "most are judged alike, and some get through");
  const never = [...differ].filter(([, count]) => count === 0).map(([name]) => name);
  assert.deepEqual(never, []);
});
