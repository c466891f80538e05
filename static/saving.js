// Sends what is being typed to the server a second later, and again until it is there: the page has it meanwhile, and says so.
// drafts.js fetches this with the first letter.
import { addressOf, ask, gone, isKept, textOf, waiting } from './drafts.js';
import { create, SECOND, sleep } from './page.js';

const timers = new Map(); // form → when what is typed in it is to be sent
const sending = new Set(); // promises
const unsaved = new Set(); // forms whose text is not on its way to the server: it waits for what was typed before, or for the next try

function plan() {
  for (const form of waiting) {
    waiting.delete(form);
    if (!timers.has(form) && !gone.has(form)) timers.set(form, setTimeout(sendNow, SECOND, form));
  }
}

plan();
addEventListener('input', plan); // drafts.js has heard it before

// A text that is read aloud: it is only where its place was there before it.
export function spoken(text) {
  const said = create('span');
  said.setAttribute('role', 'status');
  setTimeout(() => said.append(text), 100);
  return said;
}

function say(form, text) {
  const old = form.querySelector('.draft');
  if (old && old.says == text) return; // it is read aloud once
  if (old) old.remove();
  if (!text) return;
  const line = create('p', { className: 'draft note', says: text });
  line.append(spoken(text));
  form.append(line);
}

async function send(form, leaves) {
  unsaved.add(form);
  if (!leaves) await form.restored; // until then, what was typed before is not written over
  const body = textOf(form);
  while (!gone.has(form) && !timers.has(form)) {
    unsaved.delete(form);
    const answer = await ask(addressOf(form), 'PUT', body).catch(() => ({ status: 599 }));
    if (gone.has(form)) return ask(addressOf(form), 'DELETE'); // the form was sent meanwhile, and may have come first
    if (answer.status < 500) return say(form, answer.status == 413 || answer.status == 429 ? (await answer.json()).detail : '');
    unsaved.add(form);
    if (!form.matches('[aria-busy]')) say(form, _('Pas de réponse du serveur. Votre texte est gardé dans cette page : laissez-la ouverte.')); // send.js says more
    await sleep(3 * SECOND);
  }
}

function stop(form) {
  clearTimeout(timers.get(form));
  timers.delete(form);
}

export function sendNow(form, leaves) {
  stop(form);
  const job = send(form, leaves);
  sending.add(job);
  job.then(() => sending.delete(job));
}

// All that has not been sent yet. Returns a promise of its end.
export function sendAll() {
  [...timers.keys()].forEach(sendNow);
  return Promise.all(sending);
}

addEventListener('sending', ({ target }) => stop(target)); // later.js
addEventListener('unsent', ({ target }) => isKept(target) && sendNow(target)); // its text is not lost with the page

addEventListener('pagehide', () => {
  for (const form of new Set([...timers.keys(), ...unsaved])) sendNow(form, true);
});
