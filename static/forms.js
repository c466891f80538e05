// What htmx asks and answers: an answer goes where page.js puts it, and never over what somebody is typing.
import { alarm, applyAnswer, byId, heldSinceSending, holdBack, isBusy, noteSending, rememberPlace } from './page.js';

// Of all other answers htmx itself says where they go.
const isPlacedByUs = element => element.closest('[hx-swap=none]');
const followsEvent = ({ triggeringEvent: cause }) => cause && 'seq' in Object(cause.detail);
const fetchAgain = (path, source, event) => htmx.ajax('GET', path, { source, event });

let afterSwap = null; // to be done when htmx has put its answer there

addEventListener('htmx:configRequest', ({ detail }) => {
  if (followsEvent(detail)) detail.headers['X-Live'] = 1; // nobody did anything: it keeps no session alive
});

addEventListener('htmx:beforeRequest', ({ detail }) => {
  if (detail.requestConfig.verb != 'get') noteSending();
});

addEventListener('htmx:beforeSwap', ({ detail }) => {
  const { target, requestConfig } = detail;
  const { elt, path, verb } = requestConfig;
  const form = isPlacedByUs(elt) && elt.closest('form');
  const { id } = elt;
  afterSwap = null;
  if (form && [409, 422].includes(detail.xhr.status)) { // the form comes back, with what is wrong
    Object.assign(detail, { shouldSwap: true, swapOverride: 'outerHTML', target: form });
  } else if (followsEvent(requestConfig) && isBusy(target)) {
    detail.shouldSwap = false;
    // Brought by itself, it still follows the event: by the time it comes, somebody may be typing.
    const cause = requestConfig.triggeringEvent;
    holdBack(target, asked => fetchAgain(path, elt.isConnected ? elt : byId(id), asked ? undefined : cause));
  } else if (detail.shouldSwap) {
    afterSwap = settling(target, verb != 'get');
  }
});

function settling(target, acted) {
  const restore = rememberPlace(target);
  const bringHeld = acted && heldSinceSending(target);
  return () => {
    restore();
    const errors = acted && byId('errors');
    if (errors) errors.focus();
    const now = byId(target.id);
    if (!bringHeld || !now) return;
    if (isBusy(now)) holdBack(now, bringHeld);
    else bringHeld();
  };
}

addEventListener('htmx:afterSwap', () => {
  if (afterSwap) afterSwap();
  afterSwap = null;
});

addEventListener('htmx:afterRequest', ({ detail }) => {
  const { elt, path, verb, triggeringEvent } = detail.requestConfig;
  const failed = !detail.xhr.status || detail.xhr.status > 499;
  const form = elt.closest('form');
  if (failed && followsEvent(detail.requestConfig)) { // what it shows is old, and nothing else will tell
    setTimeout(() => elt.isConnected && fetchAgain(path, elt, triggeringEvent), 5e3 * (1 + Math.random()));
  }
  if (form && verb != 'get') {
    const line = form.querySelector('.unsent');
    if (line) line.remove();
    if (failed) form.append(alarm(byId('toasts').dataset.unsent));
  }
  if (!detail.successful || detail.done || !isPlacedByUs(elt)) return;
  detail.done = true; // htmx says it again when the element has gone
  applyAnswer(detail.xhr.response, form);
});

// « Imprimer »
addEventListener('click', ({ target }) => {
  if (target.hasAttribute && target.hasAttribute('data-print')) print();
});
