// Shows the document of this server, and nothing from anywhere else.
window.addEventListener("load", () => {
  const ui = SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
    // Would send the document to swagger.io.
    validatorUrl: null,
    responseInterceptor: (answer) => {
      if (answer.status === 403 && answer.obj?.code === "second_factor_required") askForCode(ui, answer.obj);
      return answer;
    },
  });
});

/** The second step of a login: asks for a code, and sends the token that comes of it with all that is tried from then on. */
function askForCode(ui, { mfa_token, factors }) {
  const dialog = document.getElementById("second-factor");
  const [form, said, code] = ["form", "[role=status]", "input"].map((part) => dialog.querySelector(part));
  const say = (text) => { said.textContent = text; };
  form.reset();
  form.hidden = false;
  say(factors.includes("totp") ? "" : `This account has no authenticator app, but: ${factors.join(", ")}.`);
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch("auth/login/factor", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ mfa_token, code: code.value.trim() }),
      });
      const body = await answer.json();
      if (!answer.ok) return say(`${answer.status} ${body.code}: ${body.title}`);
      ui.preauthorizeApiKey("bearer", body.access_token);
      form.hidden = true;
      say("You are logged in: what you try from now on is sent with your access token.");
    } catch {
      say("The server cannot be reached.");
    }
  };
  dialog.querySelector(".close").onclick = () => dialog.close();
  dialog.showModal();
}
