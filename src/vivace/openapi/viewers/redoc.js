// Starts ReDoc for the document that the page names. ReDoc reads its colours once, so the reader's mode is taken as it is now.
const place = document.getElementById("redoc");

const darkTheme = {
  colors: {
    primary: { main: "#7fb2ff" },
    success: { main: "#5fcf80" },
    warning: { main: "#e8b44b" },
    error: { main: "#ff8577" },
    text: { primary: "#e4e7eb", secondary: "#a3abb5" },
    border: { dark: "#4a525c", light: "#2c333b" },
    http: {
      get: "#2f7d4f", post: "#1d63b8", put: "#8a5a12", patch: "#9a4b17",
      delete: "#a8323b", options: "#6b6a1c", head: "#7a3aa0", basic: "#6b7280", link: "#0b7a81",
    },
    responses: {
      success: { color: "#5fcf80", backgroundColor: "rgba(95, 207, 128, 0.12)" },
      error: { color: "#ff8577", backgroundColor: "rgba(255, 133, 119, 0.12)" },
      redirect: { color: "#e8b44b", backgroundColor: "rgba(232, 180, 75, 0.12)" },
      info: { color: "#7fb2ff", backgroundColor: "rgba(127, 178, 255, 0.12)" },
    },
  },
  schema: { nestedBackground: "#1d2329", linesColor: "#4a525c", typeNameColor: "#a3abb5", typeTitleColor: "#e4e7eb" },
  sidebar: { backgroundColor: "#12161b", textColor: "#e4e7eb" },
  rightPanel: { backgroundColor: "#0d1115" },
  codeBlock: { backgroundColor: "#171c22" },
  typography: {
    code: { color: "#ffb3a8", backgroundColor: "rgba(255, 255, 255, 0.08)" },
    links: { color: "#7fb2ff", visited: "#7fb2ff", hover: "#a9ccff" },
  },
};

const isDark = window.matchMedia("(prefers-color-scheme: dark)").matches;
Redoc.init(place.getAttribute("spec-url"), isDark ? { theme: darkTheme } : {}, place);
