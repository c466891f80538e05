// Puts HTML from the server where it belongs: rows into their lists, toasts into their box. What somebody is typing
// into is never touched. live.js brings the HTML of events, htmx the answers to forms.
const $ = id => document.getElementById(id);
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
const focus = el => el.focus({ preventScroll: true });
let own; // the form whose answer is being placed

function apply(html, seq, name) {
  let href;
  for (const el of [...make('template', { innerHTML: html }).content.children]) {
    if (el.matches('a.toast')) {
      href = el.href;
      toast(el);
      const unread = +$('unread').textContent + 1;
      if (name) $('unread').textContent = unread < 100 ? unread : '99+';
    } else place(el);
  }
  $('unread').hidden = $('unread').textContent == 0;
  if (name) document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { seq: +seq, href } }));
}

function place(el, anyway) {
  const old = $(el.id), list = $(el.dataset.into);
  if (old && !anyway && busy(old)) return hold(old, () => place(el, true));
  if (!old && !list) return;
  if ('gone' in el.dataset) return swap(old);
  swap(old, el, !list || list.contains(old) ? null : list);
  el.classList.add('new');
}

// Puts `el` where `old` is, or first in `list`; without `el`, `old` goes.
function swap(old, el, list) {
  const settle = old ? remember(old) : () => {};
  const held = own && el && since(old);
  if (list) list.prepend(el);
  if (list || !el) old && old.remove();
  else old.replaceWith(el);
  if (el && self.htmx) htmx.process(el);
  settle();
  if (held) held();
}

// What is replaced keeps its opened parts, and whoever works by keyboard keeps their place.
function remember(node) {
  const { id, parentNode } = node, at = node.contains(document.activeElement) && label(document.activeElement);
  const open = [...node.querySelectorAll('[open] > summary')].map(label);
  return () => {
    const place = $(id) || parentNode;
    for (const summary of place.querySelectorAll('summary')) {
      if (open.includes(label(summary))) summary.parentNode.open = true;
    }
    if (!at || place.contains(document.activeElement)) return;
    place.tabIndex = -1;
    focus([...place.querySelectorAll('a,button,summary')].find(el => label(el) == at) || place);
  };
}

const label = el => el.href || el.textContent || 'field';

// Puts the parts of the page fetched anew in their places; `again` fetches it once more, after what is being typed.
function renew(body, missed, again) {
  const old = $('main');
  if (again && busy(old)) hold(old, again);
  else swap(old, body.querySelector('#main'));
  $('unread').replaceWith(body.querySelector('#unread'));
  if (missed > 0) {
    const textContent = $('toasts').dataset.missed.replace('%n', missed);
    toast(make('a', { className: 'toast', href: $('bell').href, textContent }));
  }
}

function note(className, content, close, onclick) {
  const line = make('p', { className });
  line.append(content, ' ', make('button', { type: 'button', textContent: close, onclick }));
  return line;
}

function alarm(textContent) {
  const line = make('p', { className: 'err unsent', textContent });
  line.setAttribute('role', 'alert');
  return line;
}

function toast(link) {
  const box = $('toasts'), href = link.getAttribute('href');
  const line = note('', link, box.dataset.close, () => {
    const next = line.nextElementSibling || line.previousElementSibling;
    line.remove();
    focus(next ? next.lastChild : $('main'));
  });
  box.append(line);
  const using = old => old.contains(document.activeElement);
  for (const old of [...box.children]) {
    if (old == line || old.firstChild.getAttribute('href') != href) continue; // the newest says it all
    if (using(old)) focus(document.activeElement == old.lastChild ? line.lastChild : link);
    old.remove();
  }
  if (box.children.length > 3) [...box.children].find(old => !using(old)).remove();
}

// Keeps what someone types there, under a line that offers the newest version.
function hold(node, newest) {
  const { stale, show } = $('toasts').dataset;
  if (node.firstElementChild.className != 'stale') {
    const text = make('span');
    text.setAttribute('role', 'status');
    setTimeout(() => text.append(stale), 100); // read aloud only where the status was there before its text
    node.prepend(note('stale', text, show, () => update(node)()));
  }
  node.firstElementChild.update = newest;
}

// What brings the newest version, where one was kept back; `since` an act was sent: its answer knows of all before.
const update = node => node && node.firstElementChild && node.firstElementChild.update;
const since = node => update(node) && update(node) != node.firstElementChild.known && update(node);

// A form that came back with errors, or with a line more, holds as its default what is nowhere else.
const busy = node => node.querySelector('form.htmx-request,[aria-invalid],[data-draft]') || [...node.querySelectorAll('input,select,textarea')].some(
  field => (!own || field.form != own) && (field == document.activeElement || (field.options
    ? field.selectedIndex != Math.max(0, [...field.options].findIndex(option => option.defaultSelected))
    : /box|dio/.test(field.type) ? field.checked != field.defaultChecked : field.value != field.defaultValue)));

const placed = elt => elt.closest('[hx-swap=none]'); // all other answers are htmx's affair
const pushed = ({ triggeringEvent: cause }) => cause && 'seq' in Object(cause.detail);
let afterSwap; // to be done after a region that follows an event is swapped
addEventListener('htmx:configRequest', ({ detail }) => {
  if (pushed(detail)) detail.headers['X-Live'] = 1; // nobody did anything: it keeps no session alive
});
addEventListener('htmx:beforeRequest', ({ detail }) => {
  if (detail.requestConfig.verb == 'get') return;
  for (const line of document.querySelectorAll('.stale')) line.known = line.update;
});
addEventListener('htmx:beforeSwap', ({ detail }) => {
  const { target, requestConfig } = detail, { elt, path, verb } = requestConfig;
  const form = placed(elt) && elt.closest('form'), { id } = elt;
  afterSwap = 0;
  if (form && /409|422/.test(detail.xhr.status)) {
    Object.assign(detail, { shouldSwap: true, swapOverride: 'outerHTML', target: form });
  } else if (pushed(requestConfig) && busy(target)) {
    detail.shouldSwap = false;
    hold(target, () => htmx.ajax('GET', path, { source: elt.isConnected ? elt : $(id) }));
  } else if (detail.shouldSwap) {
    const settle = remember(target), held = verb != 'get' && since(target);
    afterSwap = () => {
      settle();
      const errors = verb != 'get' && $('errors');
      if (errors) errors.focus();
      const node = $(target.id);
      if (held && node) busy(node) ? hold(node, held) : held();
    };
  }
});
addEventListener('htmx:afterSwap', () => {
  if (afterSwap) afterSwap();
  afterSwap = 0;
});
addEventListener('htmx:afterRequest', ({ detail }) => {
  const { elt, path, verb, triggeringEvent: event } = detail.requestConfig, { status, response } = detail.xhr;
  const failed = !status || status > 499, form = verb != 'get' && elt.closest('form');
  if (failed && pushed(detail.requestConfig)) { // what it shows is old, and nothing else will tell
    setTimeout(() => elt.isConnected && htmx.ajax('GET', path, { source: elt, event }), 5e3 * (1 + Math.random()));
  }
  if (form) {
    const line = form.querySelector('.unsent');
    if (line) line.remove();
    if (failed) form.append(alarm($('toasts').dataset.unsent));
  }
  if (!detail.successful || detail.done || !placed(elt)) return;
  detail.done = true; // htmx says it again when the element has gone
  own = elt.closest('form');
  apply(response);
  if (own) own.reset();
  own = 0;
});
addEventListener('reset', () => setTimeout(() => {
  for (const line of document.querySelectorAll('.stale')) if (!busy(line.parentNode)) line.update();
}));
