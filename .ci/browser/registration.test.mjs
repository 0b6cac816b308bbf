// The page that makes an account of a registration, where the mailbox is proven first.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { FIRST, SECOND, browser, done, enter, follow, mail, post, refused, signIn, someone, visit, words } from "./world.mjs";

const { messages, verify } = words("en");

async function register() {
  const email = someone();
  assert.deepEqual(await post("/auth/register", { email, password: FIRST }, 202), { status: "verification_sent" });
  return { email, ...(await mail(email, "verify")) };
}

describe("the page for a registration", { concurrency: 3 }, () => {
  after(() => browser.close());

  it("takes the password of whoever registered", () => visit({}, async (page) => {
    const { email, link } = await register();
    await signIn(email, FIRST, 401);
    await follow(page, link);
    await enter(page, { password: "nonsense" });
    await refused(page, "registration-wrong-password", messages.password_mismatch);
    await enter(page, { password: FIRST });
    await done(page, "registration-done", verify);
    await signIn(email, FIRST);
  }));

  it("lets the mailbox's owner choose a password that the registrant does not know", () => visit({}, async (page) => {
    const { email, link } = await register();
    await follow(page, link);
    await page.click("[data-swap]:visible");
    await enter(page, { new_password: "password" });
    await refused(page, "registration-policy", messages.rule_no_uppercase, messages.rule_no_digit);
    await enter(page, { new_password: SECOND });
    await done(page, "registration-done", verify);
    await signIn(email, FIRST, 401);
    await signIn(email, SECOND);
  }));

  it("takes a code, which voids the link", () => visit({}, async (page) => {
    const { email, link, code } = await register();
    await follow(page, link.split("#")[0]);
    await enter(page, { email: ` ${email} `, code, password: FIRST });
    await done(page, "registration-done", verify);
    await signIn(email, FIRST);
    await follow(page, link);
    await enter(page, { password: FIRST });
    await refused(page, "registration-used", verify.invalid);
  }));
});
