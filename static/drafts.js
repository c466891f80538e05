// What is being typed is kept on the server: it is there again after a lock, a crash, on another device (begun.js). Never a
// secret.
import { create, SECOND, sleep, user } from './page.js';

const SECRET = /password|document|(^|[-_])(pin|code|otp|key)($|[-_])/; // as in fadjma/web/drafts.py
const timers = new Map(); // form → when what is typed in it is to be sent
const sending = new Set(); // promises
const unsaved = new Set(); // forms whose text the server has not taken, between two tries
export const gone = new WeakSet(); // forms that were sent: what was typed in them is no draft any more
export const typed = new WeakSet(); // fields: what somebody typed since the page came is newer than any draft
export const seen = new Map(); // address → the draft of which something is still to be found again there
let listed; // a promise of the addresses that have something

// As fadjma/web/drafts.py says of the form's address.
export function addressOf(form) {
  const [first, ...rest] = form.getAttribute('action').split('?')[0].split('/').slice(1);
  if (!rest.length) return ['/drafts', first, form.patient_id ? form.patient_id.value : 'new'].join('/');
  const [subject] = rest.splice(rest.length < 3 ? 0 : 1, 1);
  return `/drafts/${[first, ...rest].join('-')}/${subject}`;
}

export const typable = form => [...form.elements].filter(
  ({ name, type }) => name && !SECRET.test(name) && !/hidden|password|file|submit|button/.test(type));
const isKept = form => form && form.method == 'post' && form.matches('main form') && typable(form).length;
export const isChoice = ({ type }) => /checkbox|radio/.test(type);

export function ask(address, method = 'GET', body) {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json', 'X-For': user || '' };
  return fetch(address, { method, headers, body, keepalive: body && body.length < 6e4 });
}

async function find(address) {
  listed = listed || ask('/drafts').then(answer => answer.json());
  const { items } = await listed;
  if (!items.some(({ form, subject }) => address == `/drafts/${form}/${subject}`)) return;
  const [answer] = await Promise.all([ask(address), import('./begun.js')]);
  if (answer.status == 200) return answer.json();
}

export function say(form, text, action = '') {
  for (const line of form.querySelectorAll('.draft')) line.remove();
  if (!text) return;
  const line = create('p', { className: 'draft note' });
  line.setAttribute('role', 'status');
  line.append(text, ' ', action);
  form.append(line);
}

// Again until it is there: the page has it meanwhile, and says so.
async function send(form) {
  await form.restored; // until then, what was typed before is not written over
  const fields = {};
  for (const field of typable(form)) if (!isChoice(field) || field.checked) fields[field.name] = field.value;
  if (form.version) fields.version = form.version.value; // what was typed is about that, and no later one
  const body = JSON.stringify(fields);
  while (!gone.has(form) && !timers.has(form)) {
    unsaved.delete(form);
    const answer = await ask(addressOf(form), 'PUT', body).catch(() => ({ status: 599 }));
    if (gone.has(form)) return ask(addressOf(form), 'DELETE'); // the form was sent meanwhile, and may have come first
    if (answer.status < 500) return say(form, answer.status == 413 ? (await answer.json()).detail : '');
    unsaved.add(form);
    if (!form.matches('[aria-busy]')) say(form, _('Pas de réponse du serveur. Votre texte est gardé dans cette page : laissez-la ouverte.')); // send.js says more
    await sleep(3 * SECOND);
  }
}

function stop(form) {
  clearTimeout(timers.get(form));
  timers.delete(form);
}

export function sendNow(form) {
  stop(form);
  const job = send(form);
  sending.add(job);
  job.then(() => sending.delete(job));
}

const sendAll = () => [...timers.keys()].forEach(sendNow);

addEventListener('input', ({ target }) => {
  const { form } = target;
  if (!isKept(form)) return;
  typed.add(target);
  gone.delete(form);
  if (!timers.has(form)) timers.set(form, setTimeout(sendNow, SECOND, form));
});

addEventListener('sending', ({ target }) => { // send.js
  stop(target);
  gone.add(target);
});

addEventListener('unsent', ({ target }) => { // its text is not lost with the page
  if (!isKept(target)) return;
  gone.delete(target);
  sendNow(target);
});

addEventListener('pagehide', () => {
  sendAll();
  unsaved.forEach(sendNow);
});
addEventListener('hiding', ({ detail }) => { // lock.js waits for these
  sendAll();
  detail.push(...sending);
});

async function restore(form) {
  const address = addressOf(form);
  form.autocomplete = 'off'; // a browser would show what was typed to whoever comes next
  if (form.querySelector('[aria-invalid]') || form.matches('[data-draft]')) return sendNow(form); // it came back
  const rest = seen.get(address);
  if (seen.has(address) && !rest) return form.more && sendNow(form); // a line more, or one less
  seen.set(address);
  const draft = rest || await find(address).catch(() => {});
  if (draft) await (await import('./begun.js')).take(form, draft, rest);
}

function restoreAll(node) {
  for (const form of node.matches('form') ? [node] : node.querySelectorAll('form')) if (isKept(form)) form.restored = restore(form);
}

restoreAll(document.body);
for (const kind of ['htmx:load', 'placed']) addEventListener(kind, ({ target }) => target != document.body && restoreAll(target));
