// What somebody sends or opens says at once that it works, and the browser's own error page never takes the page's place.
// later.js sends it, which a page without fields fetches when somebody comes to its first form.
import { hide } from './lock.js';
import { byId, create, later, now, SECOND } from './page.js';

const sending = new Map(); // form → a promise, with what sends it again at once

let lastTook = performance.now(); // until this page was there

// Says so of what was pressed, and after two seconds how long it takes here. Returns what ends that.
export function working(pressed) {
  const began = now();
  const line = create('p', { textContent: _('Toujours en cours… La dernière réponse a pris') + ` ${Math.ceil(lastTook / SECOND)} s` });
  const timer = setTimeout(() => byId('toasts').append(line), 2 * SECOND);
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
  const button = event.submitter || (activeElement.form == form && activeElement.type == 'submit' ? activeElement : form);
  if (form.method != 'post') return leave(event, button);
  event.preventDefault();
  event.stopPropagation(); // htmx asks, and sends nothing
  if (form.getAttribute('action') == '/lock') return hide();
  const job = sending.get(form);
  if (job) return job.again && job.again();
  form.setAttribute('aria-busy', true); // page.js leaves it alone
  const done = working(button);
  sending.set(form, later().then(({ send }) => send(form, button, sending.get(form), done)).then(() => sending.delete(form)));
}, true);

addEventListener('hiding', ({ detail }) => detail.push(...sending.values())); // lock.js waits for these

// --- links, forms that ask, « Imprimer », the camera ---

addEventListener('click', event => {
  const { target } = event;
  if (target.matches('[data-print]')) print();
  if (target.id == 'scan') import('./scan.js').then(({ scan }) => scan(target));
  const link = target.closest('a[href]');
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented;
  if (link && !elsewhere && link.host == location.host && link.getAttribute('href')[0] != '#') leave(event, link);
});

// Where the server was not heard lately, it is asked before the page is left.
function leave(event, pressed) {
  const done = working(pressed);
  setTimeout(done, 30 * SECOND); // it was a file
  const { state } = (byId('status') || document.body).dataset;
  if (pressed.isSure || state != 'offline' && navigator.onLine) return;
  event.preventDefault();
  later().then(({ leaveIfAnswered }) => leaveIfAnswered(pressed)).then(done);
}

if (self.BarcodeDetector) document.body.className = 'camera'; // the sheet shows the button
addEventListener('focusin', ({ target }) => target.form && later()); // before it is needed, while there is a link
