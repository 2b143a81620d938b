// Starts Swagger UI with the settings that stand in the page, and follows the reader's light or dark mode.
const page = JSON.parse(document.getElementById("settings").textContent);

if (page.oauth2RedirectUrl) {
  page.swaggerUI.oauth2RedirectUrl = window.location.origin + page.oauth2RedirectUrl;
}

const ui = SwaggerUIBundle({
  ...page.swaggerUI,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});

if (page.initOAuth) {
  ui.initOAuth(page.initOAuth);
}

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
