// Hands the answer of an authorization server (RFC 6749, 4.1.2 and 4.2.2) to the Swagger UI window that opened this one.
// `swaggerUIRedirectOauth2` holds `state`, `redirectUrl`, `auth`, `callback` and `errCb`: Swagger UI puts it on its window
// before it opens this one. A flow that brings a code back is finished by Swagger UI; an implicit one is finished here.
const opener = window.opener.swaggerUIRedirectOauth2;
const inFragment = /code|token|error/.test(window.location.hash);
const answer = Object.fromEntries(
  new URLSearchParams((inFragment ? window.location.hash : window.location.search).substring(1))
);
const isValid = answer.state === opener.state;
const auth = opener.auth;
const codeFlows = ["accessCode", "authorizationCode", "authorization_code"];

function report(level, message) {
  opener.errCb({ authId: auth.name, source: "auth", level, message });
}

function explain({ error, error_description, error_uri }) {
  if (!error) return "[Authorization failed]: the server sent no access code.";
  const details = error_description || "the server sent no access code";
  return `[${error}]: ${details}.` + (error_uri ? ` More info: ${error_uri}` : "");
}

if (codeFlows.includes(auth.schema.get("flow")) && !auth.code) {
  if (!isValid) {
    report("warning", "The server did not send back the state it was given; this sign-in may not be safe.");
  }
  if (answer.code) {
    delete opener.state;
    auth.code = answer.code;
    opener.callback({ auth, redirectUrl: opener.redirectUrl });
  } else {
    report("error", explain(answer));
  }
} else {
  opener.callback({ auth, token: answer, isValid, redirectUrl: opener.redirectUrl });
}
window.close();
