// Passkeys (WebAuthn): what the server asks for is made or signed by the authenticator, and sent back.
const box = () => document.getElementById('passkey'); // another, when a form has come back
const { options, send, next, what, failed } = box().dataset; // what: create or get
const KNOWN = 'passkey'; // somebody has used one in this browser: the lock offers it

const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');

async function post(path, fields) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
    body: JSON.stringify(fields)
  });
  if (answer.ok) return answer.status == 204 || answer.json();
  const { detail, errors } = await answer.json();
  throw errors ? Object.values(errors).join(' ') : detail;
}

// JSON has no bytes: they come and go as base64url.
function read(asked) {
  const descriptors = list => (list || []).map(one => ({ ...one, id: bytes(one.id) }));
  return {
    ...asked,
    challenge: bytes(asked.challenge),
    ...(asked.user && { user: { ...asked.user, id: bytes(asked.user.id) } }),
    excludeCredentials: descriptors(asked.excludeCredentials),
    allowCredentials: descriptors(asked.allowCredentials)
  };
}

function write({ id, rawId, type, response }) {
  const said = {};
  for (const part of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'])
    if (response[part]) said[part] = text(response[part]);
  return JSON.stringify({ id, rawId: text(rawId), type, response: said, clientExtensionResults: {} });
}

async function run() {
  const fields = {};
  if (what == 'create') for (const name of ['password', 'otp']) {
    const field = document.getElementById(name);
    if (field) fields[name] = field.value;
  }
  const publicKey = read(await post(options, fields));
  const credential = await navigator.credentials[what]({ publicKey });
  await post(send, { credential: write(credential) });
  localStorage.setItem(KNOWN, 1);
  location.assign(next);
}

async function start({ target: button }) {
  const said = box().querySelector('[role=alert]');
  said.textContent = '';
  button.disabled = true;
  await run().catch(error => {
    said.textContent = typeof error == 'string' ? error : failed; // else of the browser: refused, or too late
  });
  button.disabled = false;
}

function offer() {
  if (!self.PublicKeyCredential || !box()) return; // it is there over https alone
  box().hidden = !('always' in box().dataset || localStorage.getItem(KNOWN));
  box().querySelector('button').onclick = start;
}

offer();
addEventListener('placed', offer); // page.js

export {}; // its names are its own
