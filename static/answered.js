// What the answer to a form does in the page: another part, rows, another page, or what the server says against it. later.js
// asks for this when one is sent.
import { AGAIN, announce, heldBy, isRow, say, targetOf } from './later.js';
import { bring, byId, create, isBusy, placeAll, showToast, swap, whileAnswering } from './page.js';
import { working } from './send.js';

bring(() => import('./found.js'));

export function receive(form, { status, go, html }, button) {
  if (go) {
    working(button);
    return location.assign(go);
  }
  const failed = status > 399;
  if (isRow(form) && !failed) {
    whileAnswering(form, heldSinceSending, () => placeAll(html));
    return form.reset();
  }
  const page = new DOMParser().parseFromString(html, 'text/html');
  const part = isRow(form) ? page.body.firstElementChild : page.getElementById(targetOf(form));
  const isPage = part && part.id == 'main';
  // Of one thing, 404, 409 and 422 say what has become of it; 400, 413, 429 and 500 say nothing of it.
  if (!part || failed && (isPage || isRow(form) || /00|13|29/.test(status)) && !/<form/.test(part.outerHTML)) {
    announce(form, 'unsent'); // what was typed is still there
    refuse(form, (page.querySelector('[role=alert]') || { textContent: AGAIN }).textContent);
  } else {
    if (isPage) document.title = page.title;
    if (failed) part.dataset.seq = page.body.dataset.cursor || 0; // of the last event that it knows of
    placePart(isRow(form) ? form : byId(part.id), part, form);
  }
}

// Beside what was typed; of a row in which nothing is, what has changed takes the place, and the toast stays.
function refuse(form, textContent) {
  if (isRow(form) && !isBusy(form)) showToast(create('span', { textContent }));
  else say(form, textContent);
}

// Puts `part` of an answered page where `old` is, and brings what was wrong before the eyes.
function placePart(old, part, form) {
  whileAnswering(form, heldSinceSending, () => swap(old, part));
  const errors = byId('errors');
  if (errors) errors.focus();
  else if (part.id == 'main') {
    part.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

// What brings the newest version of `node`, where it was held back after the act was sent.
function heldSinceSending(node) {
  const bringNewest = heldBy(node);
  return bringNewest && bringNewest != node.firstElementChild.known && bringNewest;
}
