// What somebody sends or opens says at once that it works. A form is kept while the server does not answer and sent
// again, with the key by which the server knows it; the browser's own error page never takes the page's place.
import { alarm, applyAnswer, byId, create, fetchWithin, noteSending, now, placePart, SECOND, showToast, user } from './page.js';

const NO_ANSWER = /50[234]/; // of a proxy, or of a server that starts
const box = byId('toasts');
const { again, nolink, slow } = box.dataset;
const sending = new Map(); // form → a promise, with what sends it again at once

let lastTook = performance.now(); // until this page was there
let sure = false; // that the server is there

// Says so of what was pressed, and after two seconds how long it takes here. Returns what ends that.
function working(pressed) {
  const began = now();
  const line = create('p', { textContent: slow.replace('%n', Math.ceil(lastTook / SECOND)) });
  const timer = setTimeout(() => box.append(line), 2 * SECOND);
  pressed.setAttribute('aria-busy', true);
  return () => {
    clearTimeout(timer);
    line.remove();
    pressed.removeAttribute('aria-busy');
    lastTook = now() - began;
  };
}

// --- forms that act ---

addEventListener('submit', event => {
  const form = event.target, { activeElement } = document;
  const button = event.submitter || [...form.elements].find(field => field == activeElement && field.type == 'submit') || form;
  if (form.method != 'post') return leave(event, button);
  if (form.getAttribute('action') == '/lock') return; // lock.js
  event.preventDefault();
  event.stopPropagation(); // htmx asks, and sends nothing
  const job = sending.get(form);
  if (!job) sending.set(form, send(form, button));
  else if (job.again) job.again();
}, true);

addEventListener('hiding', ({ detail }) => detail.push(...sending.values())); // lock.js waits for these

async function send(form, button) {
  const asked = request(form, button);
  form.setAttribute('aria-busy', true); // page.js leaves it alone
  for (const line of form.querySelectorAll('.unsent')) line.remove();
  let answer, goesOn = true;
  for (let wait = 3 * SECOND; goesOn; wait = Math.min(2 * wait, 30 * SECOND)) {
    const holding = import('./hold.js').catch(() => ({}));
    const done = working(button);
    answer = await attempt(form, asked);
    done();
    const { hold } = await holding;
    goesOn = !answer && form.elements.key && hold && await hold(form, wait, sending.get(form));
  }
  sending.delete(form);
  form.removeAttribute('aria-busy');
  for (const line of form.querySelectorAll('.unsent')) line.remove();
  if (answer && byId('main')) receive(form, answer, button); // or the screen has been hidden meanwhile
  else if (goesOn !== false) form.append(alarm(again)); // of a password, say: whoever typed it may have gone
}

// All that it sends, so that it is the same when it is sent again.
function request(form, button) {
  const body = new FormData(form);
  if (button.name) body.append(button.name, button.value);
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

const isRow = form => form.hasAttribute('hx-post'); // its answer is rows, and no page
const targetOf = form => (form.getAttribute('hx-target') || '#main').slice(1);
const announce = (form, what) => form.dispatchEvent(new Event(what, { bubbles: true })); // drafts.js

// Returns nothing where there was no answer.
async function attempt(form, asked) {
  noteSending();
  announce(form, 'sending');
  try {
    const answer = await fetchWithin(...asked);
    const { status, headers } = answer;
    if (!NO_ANSWER.test(status)) return { status, go: headers.get('HX-Redirect'), html: await answer.text() };
  } catch (error) {} // no link
  announce(form, 'unsent');
}

function receive(form, { status, go, html }, button) {
  if (go) {
    working(button);
    return location.assign(go);
  }
  if (isRow(form) && status < 400) return applyAnswer(html, form);
  const page = new DOMParser().parseFromString(html, 'text/html');
  const part = isRow(form) ? page.body.firstElementChild : page.getElementById(targetOf(form));
  const isPage = part && part.id == 'main';
  if (!part || status > 399 && (isPage || isRow(form)) && !/<form/.test(part.outerHTML)) {
    announce(form, 'unsent'); // what was typed is still there
    form.append(alarm((page.querySelector('[role=alert]') || { textContent: again }).textContent));
  } else {
    if (isPage) document.title = page.title;
    placePart(isRow(form) ? form : byId(part.id), part, form);
  }
}

// --- links, forms that ask, « Imprimer » ---

addEventListener('click', event => {
  if (event.target.matches('[data-print]')) print();
  const link = event.target.closest('a[href]');
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented;
  if (link && !elsewhere && link.host == location.host && link.getAttribute('href')[0] != '#') leave(event, link);
});

// Where the server was not heard lately, it is asked before the page is left.
function leave(event, pressed) {
  const done = working(pressed);
  setTimeout(done, 30 * SECOND); // it was a file
  const { state } = (byId('status') || box).dataset;
  if (sure || state != 'offline' && navigator.onLine) return;
  event.preventDefault();
  fetch('/health', { cache: 'no-store' }).then(() => {
    sure = true;
    pressed.click();
    sure = false;
  }, () => showToast(create('span', { textContent: nolink }))).then(done);
}
