"""Opens /docs of the server at $URL in headless Chromium as a person would: registers, authorizes, calls `me`. Fails on any
request to another host, any breach of the page's policy, and any error in the console. The first argument is where a screenshot goes."""

import json
import os
import shutil
import sys
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
        asked = requested(page)
        foreign = [url for url in asked if not url.startswith((f"{URL}/", "data:", "about:", "chrome:"))]
        assert not foreign, f"requests to other hosts: {foreign}"
        assert len([url for url in asked if url.startswith(f"{URL}/")]) >= 8, asked
        console = [entry for entry in page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        assert not console, console
    finally:
        # A screenshot of the whole page, also after a failure.
        height = page.execute_script("return Math.min(document.documentElement.scrollHeight, 8000)")
        page.set_window_size(1280, height)
        page.execute_script("window.scrollTo(0, 0)")
        page.save_screenshot(screenshot)
        page.quit()
    print("The page registers, authorizes and calls `me`; it sent no request to another host, and broke no rule of its policy.")


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

    def no_breach(self):
        breaches = self.driver.execute_script("return window.breaches")
        assert breaches == [], breaches


def requested(driver):
    """The addresses of all requests that the page made."""
    events = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


if __name__ == "__main__":
    main(sys.argv[1])
