// What a page needs later than at once: how a form is sent, and what is said when nobody answers; what an answer does is in
// answered.js. It comes with pages that have fields to fill in, and to a first page when somebody comes to a form there
// (send.js); the browser keeps it, so that it is there when there is no link.
import { abortAfter, bring, byId, create, lineWithButton, SECOND, showToast, user } from './page.js';
import { working } from './send.js';

export const AGAIN = _('Pas de réponse du serveur. Appuyez de nouveau : rien ne sera fait deux fois.');
const UNSENT = _('Pas de réponse du serveur. Votre envoi est gardé dans cette page : laissez-la ouverte. Il part dès que la connexion revient, une seule fois.');
const NO_LINK = _('Pas de connexion avec le serveur : cette page reste ouverte.');
export const WAITING = _('Écran masqué. Pas de réponse du serveur. Votre texte est gardé dans cette page : laissez-la ouverte.');

// --- a form is sent: it is kept until the server has answered, and sent again ---

let receiver; // a promise of what an answer does, from the first letter on: the link may go before the form is sent
const answering = () => receiver = receiver || bring(() => import('./answered.js'));
addEventListener('input', answering, { once: true });

// `done` ends what the button says of it already.
export async function send(form, button, job, done) {
  const asked = request(form, button), answered = answering();
  clear(form, button);
  let answer, goesOn = true;
  for (let wait = 3 * SECOND; goesOn; wait = Math.min(2 * wait, 30 * SECOND)) {
    done = done || working(button);
    answer = await attempt(form, asked);
    done = done();
    goesOn = !answer && await hold(form, wait, job);
  }
  const { receive } = answer ? await answered : {};
  form.removeAttribute('aria-busy');
  clear(form, button);
  if (answer && byId('main')) receive(form, answer, button); // or the screen has been hidden meanwhile
  else if (goesOn == null) say(form, AGAIN);
}

function clear(form, button) {
  const line = form.querySelector('.unsent');
  if (!line) return;
  if (line.contains(document.activeElement)) button.focus();
  line.remove();
}

// All that it sends, so that it is the same when it is sent again.
function request(form, button) {
  const body = new FormData(form);
  if (button.form && button.name) body.append(button.name, button.value);
  const headers = { 'HX-Request': true };
  if (!isRow(form)) Object.assign(headers, { 'HX-Boosted': true, 'HX-Target': targetOf(form) });
  if (form.closest('main')) headers['X-For'] = user || '';
  const hasFile = form.enctype[0] == 'm';
  return [
    (hasFile ? 3600 : 60) * SECOND,
    button.getAttribute('formaction') || form.getAttribute('action') || location.href,
    { method: 'POST', headers, body: hasFile ? body : new URLSearchParams(body) }
  ];
}

export const isRow = form => form.hasAttribute('data-row'); // its answer is rows, and no page
export const targetOf = form => (form.getAttribute('hx-target') || '#main').slice(1);
export const announce = (form, what) => form.dispatchEvent(new Event(what, { bubbles: true })); // drafts.js

// Returns nothing where there was no answer.
async function attempt(form, asked) {
  announce(form, 'sending');
  try {
    const answer = await fetchWithin(...asked);
    const { status, headers } = answer;
    if (!/50[234]/.test(status)) return { status, go: headers.get('HX-Redirect'), html: await answer.text() };
  } catch {} // no link; or it was of a proxy, or of a server that starts
  announce(form, 'unsent');
}

// Ends after so many milliseconds, whatever comes.
export function fetchWithin(ms, address, options) {
  const control = new AbortController();
  abortAfter(ms, control);
  return fetch(address, { ...options, signal: control.signal });
}

// Returns whether it is to be sent again: after `wait`, when the link is back, or when somebody presses (`job.again`).
// Nothing where a secret is in it: whoever typed it may have gone, and it goes only when somebody presses.
async function hold(form, wait, job) {
  if (!form.key || form.querySelector('[type=password], [autocomplete=one-time-code]')) return;
  const fields = [...form.elements].filter(({ disabled, type }) => !disabled && !/submit|button/.test(type));
  const focused = document.activeElement;
  for (const field of fields) field.disabled = true; // what was sent is what is seen
  const button = lineIn(form).lastChild;
  const goesOn = await new Promise(decide => {
    job.again = () => decide(true);
    setTimeout(job.again, wait);
    addEventListener('online', job.again, { once: true });
    button.onclick = () => decide(false);
  });
  for (const field of fields) field.disabled = false;
  if (form.contains(focused) && document.activeElement == document.body) focused.focus(); // nobody has gone elsewhere meanwhile
  return goesOn;
}

// The same for every try: it is read aloud once.
const lineIn = form => form.querySelector('.unsent') || alarm(form, lineWithButton('err unsent', UNSENT, _('Ne plus envoyer')));

export const say = (form, textContent) => alarm(form, create('p', { className: 'err unsent', textContent }));

function alarm(form, line) {
  line.setAttribute('role', 'alert');
  return form.appendChild(line);
}

// --- what waits while somebody is typing: held.js has put it there ---

// What brings the newest version of `node`, where it was held back.
export const heldBy = node => node && node.firstElementChild && node.firstElementChild.bringNewest;

// --- nobody answers ---

// The page stays where there would be no other.
export async function leaveIfAnswered(pressed) {
  try {
    await fetch('/health', { cache: 'no-store' });
    pressed.isSure = true;
    pressed.click();
    pressed.isSure = false;
  } catch { // no link
    showToast(create('span', { textContent: NO_LINK }));
  }
}
