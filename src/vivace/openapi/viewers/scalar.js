// Starts Scalar for the document that the page names. Nothing is loaded from, or sent to, its makers: system fonts, no
// telemetry, no proxy, no assistant. Light or dark mode is Scalar's own.
const place = document.getElementById("scalar");

Scalar.createApiReference(place, {
  url: place.dataset.url,
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
});
