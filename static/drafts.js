// What is being typed is kept on the server: it is there again after a lock, a crash, on another device (begun.js). Never a
// secret. saving.js, which comes with the first letter, sends it.
import { bring, sleep, user } from './page.js';

const SECRET = /password|document|(^|[-_])(pin|code|otp|key)($|[-_])/; // as in fadjma/web/drafts.py
export const gone = new WeakSet(); // forms that were sent: what was typed in them is no draft any more
export const typed = new WeakSet(); // fields: what somebody typed since the page came is newer than any draft
const restored = {}; // address → a promise of what its newest form leaves to the next: see begun.js
let listed; // a promise of the addresses that have something
let saver; // of saving.js
export const waiting = new Set(); // forms in which something was typed that it has not taken up

// As fadjma/web/drafts.py says of the form's address.
export function addressOf(form) {
  const [first, ...rest] = form.getAttribute('action').split('?')[0].split('/').slice(1);
  if (form.medicine_id) return `/drafts/${[first, ...rest].join('-')}/${form.medicine_id.value}`;
  if (!rest.length) return `/drafts/${first}/${form.patient_id ? form.patient_id.value : 'new'}`;
  const [subject] = rest.splice(rest.length < 3 ? 0 : 1, 1);
  return `/drafts/${[first, ...rest].join('-')}/${subject}`;
}

// What the text is about, and no later one: the version that was read; of the line of a sheet, the lot (begun.js).
export const about = form => [...form.elements].filter(({ name }) => /version$|lot_id$/.test(name));
export const typable = form => [...form.elements].filter(
  ({ name, type }) => name && !SECRET.test(name) && !/hidden|password|file|submit|button/.test(type));
const saving = () => saver = saver || bring(() => import('./saving.js'));
const sendNow = form => saving().then(({ sendNow }) => sendNow(form));
export const isKept = form => form && form.matches('main form[method=post]') && typable(form).length;
export const isChoice = ({ type }) => /checkbox|radio/.test(type);

// What is kept of a form.
export function textOf(form) {
  const fields = {};
  for (const field of [...typable(form), ...about(form)]) if (!isChoice(field) || field.checked) fields[field.name] = field.value;
  return JSON.stringify(fields);
}

export function ask(address, method, body) {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json', 'X-For': user || '' };
  return fetch(address, { method, headers, body, keepalive: body && body.length < 6e4 });
}

// Again until the server has answered, and not whatever stands before it.
export async function read(address) {
  const found = await ask(address).then(answer => answer.status < 500 && answer.json()).catch(() => 0);
  return found || sleep(3e3).then(() => read(address));
}

async function isThere(address) {
  const { items = [] } = await (listed = listed || read('/drafts'));
  return items.some(({ form, subject }) => address == `/drafts/${form}/${subject}`);
}

addEventListener('input', ({ target }) => {
  const { form } = target;
  if (!isKept(form)) return;
  typed.add(target);
  gone.delete(form);
  waiting.add(form);
  saving();
});

addEventListener('pagehide', () => waiting.forEach(form => // once it has come, none
  gone.has(form) || ask(addressOf(form), 'PUT', textOf(form))));

addEventListener('sending', ({ target }) => gone.add(target)); // later.js
addEventListener('unsent', ({ target }) => gone.delete(target));

addEventListener('hiding', ({ detail }) => saver && detail.push(saver.then(({ sendAll }) => sendAll()))); // lock.js waits for these

// `before`: of the form in whose place this one is. Returns what is left of the draft for the next.
async function restore(form, address, before) {
  form.autocomplete = 'off'; // a browser would show what was typed to whoever comes next
  const isBack = form.querySelector('[aria-invalid]') || form.matches('[data-draft]');
  const rest = await before;
  if (isBack || rest == 0 && form.more) sendNow(form); // or it has a line more, or one less
  if (isBack || rest == 0) return rest;
  if (form.matches('[data-read]')) return 0; // by a scanner: of this box, whatever was typed of another
  return (rest || await isThere(address)) && (await bring(() => import('./begun.js'))).take(form, address, rest);
}

function restoreAll(node) {
  for (const form of [node, ...node.querySelectorAll('form')].filter(isKept)) {
    const address = addressOf(form);
    form.restored = restored[address] = restore(form, address, restored[address]);
  }
}

restoreAll(document.body);
for (const kind of ['htmx:load', 'placed']) addEventListener(kind, ({ target }) => target == document.body || restoreAll(target));
