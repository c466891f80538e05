// Puts HTML from the server where it belongs: rows into their lists, toasts into their box. What somebody is typing
// into is never touched. live.js brings the HTML of events, forms.js the answers to forms.

export const SECOND = 1e3; // milliseconds
export const now = Date.now; // goes on while the machine sleeps
export const here = location.pathname + location.search; // no script changes it
export const byId = id => document.getElementById(id);
export const { cursor, fresh, lock, user } = document.body.dataset; // seconds: fresh, lock; patients have no lock
export const abortAfter = (ms, control) => setTimeout(() => control.abort(), ms);
export const create = (tag, properties) => Object.assign(document.createElement(tag), properties);
export const sleep = ms => new Promise(done => setTimeout(done, ms));
// A promise of what is needed seldom, the same for all: what they do with it stays in order.
let sender, holder;
export const later = () => sender = sender || bring(() => import('./later.js'));
// Again where there is no link; what does not fit to what this page has is of a newer version.
export const bring = load => load().catch(({ name }) => sleep(3 * SECOND).then(() => name == 'SyntaxError' ? location.reload() : bring(load)));
const focusInPlace = element => element.focus({ preventScroll: true });
const hasFocus = element => element.contains(document.activeElement);

// While an answer is being placed: its form, in which what was typed has been sent, and what has been held back since.
let answered, heldSince;

// Places what an event brings, and tells the regions of the page that follow events of this name.
export function applyEvent(html, seq, name) {
  const href = placeAll(html, +seq);
  document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { seq: +seq, href } }));
}

export function whileAnswering(form, held, place) {
  answered = form;
  heldSince = held;
  place();
  answered = null;
}

// `seq`: of the event that it comes from. Returns where the last toast leads.
export function placeAll(html, seq) {
  let href;
  for (const element of [...create('template', { innerHTML: html }).content.children]) {
    if (element.matches('a.toast')) {
      href = element.href;
      showToast(element);
      if (seq && !('again' in element.dataset)) countUnread(seq);
    } else {
      place(element);
    }
  }
  byId('unread').hidden = byId('unread').textContent == 0;
  return href;
}

// Lines of the inbox: news about a thing of which there is unread news already (data-again) is folded into its line.
function countUnread(seq) {
  const badge = byId('unread');
  if (seq <= badge.dataset.counted) return; // up to which it came counted
  const unread = +badge.textContent + 1; // not a number after 99+
  badge.textContent = unread < 100 ? unread : '99+';
}

// `anyway`: also over what somebody is typing, because they asked for it.
function place(element, anyway) {
  const old = byId(element.id);
  const list = byId(element.dataset.into);
  if (old && !anyway && isBusy(old)) return holdBack(old, asked => place(element, asked));
  if (!old && !list) return;
  if ('gone' in element.dataset) return swap(old);
  swap(old, element, list && !list.contains(old) ? list : null);
  element.classList.add('new');
}

// Puts `element` where `old` is, or first in `list` (with data-last: last); without `element`, `old` goes.
export function swap(old, element, list) {
  const restore = rememberPlace(old || list);
  const bringHeld = answered && element && heldSince(old);
  if (list) list['last' in list.dataset ? 'append' : 'prepend'](element);
  if (element && !list) old.replaceWith(element);
  else if (old) old.remove();
  if (element && self.htmx) htmx.process(element);
  restore();
  if (element) element.dispatchEvent(new Event('placed', { bubbles: true }));
  if (bringHeld) bringHeld();
}

// What is replaced keeps its opened parts, whoever works by keyboard keeps their place, and what is under a finger stays
// there. What moves all the same is not what a finger on its way is aiming at: it takes no press for a moment.
export function rememberPlace(node) {
  const { id, parentNode } = node, { activeElement } = document;
  const under = document.querySelector('li[id]:hover');
  const before = under && topOf(under), places = pressable(document).map(placeOf);
  const focused = hasFocus(node) && nameOf(activeElement);
  const opened = [...node.querySelectorAll('[open] > summary')].map(nameOf);
  return () => {
    const now = byId(id) || parentNode;
    for (const element of pressable(now)) if (opened.includes(nameOf(element))) element.parentNode.open = true;
    if (under && under.isConnected) scrollBy(0, topOf(under) - before);
    for (const element of pressable(document)) {
      if (!places.includes(placeOf(element))) element.animate({ pointerEvents: ['none', 'none'] }, 400);
    }
    if (!focused || hasFocus(now)) return;
    const place = byId(partOf(activeElement).id) || now; // its row, its field
    if (place.tabIndex) place.tabIndex = -1;
    focusInPlace(pressable(now).find(element => nameOf(element) == focused) || place);
  };
}

// By which a link, a button or a summary is found again in what has come instead, and is no other's: many rows have the same.
const nameOf = element => partOf(element).id + (element.href || element.textContent + element.value);
const partOf = element => element.closest('[id]') || {};

const pressable = node => [...node.querySelectorAll('a,button,summary')];
const topOf = element => element.getBoundingClientRect().top;
const placeOf = element => nameOf(element) + topOf(element);

// --- lines of ours ---

export function lineWithButton(className, content, label, onclick) {
  const line = create('p', { className });
  line.append(content, ' ', create('button', { type: 'button', textContent: label, onclick }));
  return line;
}

export function showToast(link) {
  const box = byId('toasts');
  const line = lineWithButton('', link, _('Fermer'), () => {
    const next = line.nextElementSibling || line.previousElementSibling;
    line.remove();
    focusInPlace(next ? next.lastChild : byId('main'));
  });
  const earlier = [...box.children];
  box.append(line);
  for (const old of earlier.filter(old => old.firstChild.href == link.href)) { // the newest says it all
    if (hasFocus(old)) focusInPlace(document.activeElement == old.lastChild ? line.lastChild : link);
    old.remove();
  }
  if (box.children.length > 3) [...box.children].find(old => !hasFocus(old)).remove();
}

// --- what somebody is typing ---

// A form that came back with errors, or with a line more, holds as its default what is nowhere else.
export const isBusy = node =>
  node.querySelector('form[aria-busy],[aria-invalid],[data-draft]') ||
  [...node.querySelectorAll('input,select,textarea')].some(
    field => !(answered && field.form == answered) && (field == document.activeElement || isChanged(field)));

function isChanged(field) {
  if (field.options) {
    const standard = [...field.options].findIndex(option => option.defaultSelected);
    return field.selectedIndex != Math.max(0, standard);
  }
  if (/checkbox|radio/.test(field.type)) return field.checked != field.defaultChecked;
  return field.value != field.defaultValue;
}

// What comes for `node` waits until somebody asks for it, or has done typing.
export function holdBack(node, bringNewest) {
  holder = holder || bring(() => import('./held.js'));
  holder.then(({ offer }) => offer(node, bringNewest));
}

if (byId('on')) bring(() => import('./beside.js')); // of a pharmacy, once its page is there
if (byId('paper')) import('./papers.js');
