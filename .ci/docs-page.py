"""Opens /docs of the server at $URL in headless Chromium as a person would: registers, authorizes, calls `me`; then logs in with a
second factor. Fails on any request to another host, any breach of the page's policy, and any error in the console. The first
argument is where a screenshot goes."""

import base64
import hmac
import json
import os
import shutil
import struct
import sys
import time
import urllib.request
import uuid

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import WebDriverWait

URL = os.environ["URL"]
EMAIL = f"{uuid.uuid4().hex}@example.org"
PASSWORD = "Correct-Horse-7-Battery"


def browser():
    options = webdriver.ChromeOptions()
    # --no-sandbox: CI runs as root. Background networking is off, since Chromium's own requests are not the page's.
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking",
                     "--no-first-run", "--window-size=1280,1800"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def main(screenshot):
    page = browser()
    try:
        tried = Page(page)
        tried.open()
        tokens = tried.ask("accounts", "register", json.dumps({"email": EMAIL, "password": PASSWORD}), 201)
        tried.turn("accounts", "register")
        tried.authorize(tokens["access_token"])
        me = tried.ask("accounts", "me", None, 200)
        assert me["email"] == EMAIL, me
        tried.turn("accounts", "me")
        tried.forget()
        secret = add_authenticator(tokens["access_token"])
        step = tried.ask("tokens", "login", json.dumps({"email": EMAIL, "password": PASSWORD}), 403)
        assert step["code"] == "second_factor_required", step
        tried.answer("nonsense", "401 code_invalid")
        # One step later than that which was used up: it is taken early.
        tried.answer(code_of(secret, 1), "You are logged in")
        page.save_screenshot(screenshot.replace(".png", "-second-factor.png"))
        tried.press("dialog .close")
        me = tried.ask("accounts", "me", None, 200)
        assert me["email"] == EMAIL, me
        tried.turn("accounts", "me")
        asked = requested(page)
        foreign = [url for url in asked if not url.startswith((f"{URL}/", "data:", "about:", "chrome:"))]
        assert not foreign, f"requests to other hosts: {foreign}"
        assert len([url for url in asked if url.startswith(f"{URL}/")]) >= 8, asked
        # That a login and a code were refused is told here as well, and this test means it.
        meant = (f"{URL}/auth/login - ", f"{URL}/auth/login/factor - ")
        console = [entry for entry in page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        console = [entry for entry in console if not entry["message"].startswith(meant)]
        assert not console, console
    finally:
        # A screenshot of the whole page, also after a failure.
        height = page.execute_script("return Math.min(document.documentElement.scrollHeight, 8000)")
        page.set_window_size(1280, height)
        page.execute_script("window.scrollTo(0, 0)")
        page.save_screenshot(screenshot)
        page.quit()
    print("The page registers, authorizes, calls `me` and logs in with a second factor; it sent no request to another host, and "
          "broke no rule of its policy.")


def add_authenticator(token):
    """Adds an authenticator app to the account, and returns its secret."""
    made = post("/auth/factors/totp", {}, token)
    post(f"/auth/factors/totp/{made['id']}/confirm", {"code": code_of(made["secret"], 0)}, token)
    return made["secret"]


def code_of(secret, later):
    """The code of a secret (RFC 6238), so many steps from now."""
    step = struct.pack(">Q", int(time.time()) // 30 + later)
    mac = hmac.digest(base64.b32decode(secret), step, "sha1")
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1_000_000:06}"


def post(path, body, token):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    with urllib.request.urlopen(urllib.request.Request(URL + path, json.dumps(body).encode(), headers)) as answer:
        return json.load(answer)


class Page:
    def __init__(self, driver):
        self.driver = driver
        self.wait = WebDriverWait(driver, 30)

    def find(self, selector):
        return self.wait.until(expected.presence_of_element_located((By.CSS_SELECTOR, selector)))

    def press(self, selector):
        element = self.wait.until(expected.element_to_be_clickable((By.CSS_SELECTOR, selector)))
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def open(self):
        # Added before the page loads: breaches of the policy also fire an event.
        watch = "window.breaches = []; document.addEventListener('securitypolicyviolation', " \
                "event => window.breaches.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": watch})
        self.driver.get(f"{URL}/docs")
        self.find("#operations-accounts-register")

    def turn(self, tag, operation):
        """Opens an operation, or closes it."""
        self.press(f"#operations-{tag}-{operation} .opblock-summary-control")

    def ask(self, tag, operation, body, status):
        """Opens an operation, sends it, and returns the answer."""
        place = f"#operations-{tag}-{operation}"
        self.turn(tag, operation)
        if body is not None:
            text = self.find(f"{place} textarea.body-param__text")
            self.driver.execute_script("arguments[0].focus(); arguments[0].select()", text)
            text.send_keys(body)
        self.press(f"{place} .execute")
        shown = self.find(f"{place} .live-responses-table tr.response td.response-col_status")
        assert shown.text.split()[0] == str(status), f"{operation}: {shown.text}"
        answer = self.find(f"{place} .live-responses-table tr.response td.response-col_description pre").text
        self.no_breach()
        return json.loads(answer)

    def authorize(self, token):
        self.press(".auth-wrapper .authorize")
        self.find(".modal-ux input[type=text], .modal-ux input[type=password]").send_keys(token)
        self.press(".modal-ux button.authorize")
        self.press(".modal-ux button.btn-done")

    def forget(self):
        """Takes back what was authorized."""
        self.press(".auth-wrapper .authorize")
        self.press(".modal-ux .auth-container button:not(.btn-done)")
        self.press(".modal-ux button.btn-done")

    def answer(self, code, expected_text):
        """Types a code into the dialog that a login opened."""
        self.wait.until(expected.visibility_of_element_located((By.CSS_SELECTOR, "dialog input")))
        field = self.find("dialog input")
        field.clear()
        field.send_keys(code)
        self.press("dialog [type=submit]")
        self.wait.until(expected.text_to_be_present_in_element((By.CSS_SELECTOR, "dialog [role=status]"), expected_text))
        self.no_breach()

    def no_breach(self):
        breaches = self.driver.execute_script("return window.breaches")
        assert breaches == [], breaches


def requested(driver):
    """The addresses of all requests that the page made."""
    events = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


if __name__ == "__main__":
    main(sys.argv[1])
