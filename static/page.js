// Puts HTML from the server where it belongs: rows into their lists, toasts into their box. What somebody is typing
// into is never touched. live.js brings the HTML of events, htmx the answers to forms.
const $ = id => document.getElementById(id);
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
let own; // the form whose answer is being placed

function apply(html, seq, name) {
  let href;
  for (const el of [...make('template', { innerHTML: html }).content.children]) {
    if (el.matches('a.toast')) {
      href = el.href;
      toast(el);
      if (name) $('unread').textContent = +$('unread').textContent + 1 || '99+';
    } else place(el);
  }
  $('unread').hidden = $('unread').textContent == 0;
  if (name) document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { seq: +seq, href } }));
}

function place(el, anyway) {
  const old = $(el.id), list = $(el.dataset.into);
  if (old && !anyway && busy(old)) return hold(old, () => place(el, true));
  if ('gone' in el.dataset) return old && old.remove();
  if (list && !list.contains(old)) {
    if (old) old.remove();
    list.prepend(el);
  } else if (old) old.replaceWith(el);
  else return;
  el.classList.add('new');
  if (self.htmx) htmx.process(el);
}

function note(className, content, label, onclick) {
  const line = make('p', { className });
  line.append(content, ' ', make('button', { type: 'button', textContent: label, onclick }));
  return line;
}

function toast(link) {
  const box = $('toasts'), href = link.getAttribute('href');
  for (const old of [...box.children]) if (old.firstChild.getAttribute('href') == href) old.remove(); // the newest says it all
  const line = note('', link, box.dataset.close, () => line.remove());
  box.append(line);
  if (box.children.length > 3) box.firstElementChild.remove();
}

// Keeps what someone types there, under a line that offers the newest version.
function hold(node, update) {
  const { stale, show } = $('toasts').dataset;
  if (node.firstElementChild.className != 'stale') {
    node.prepend(note('stale', stale, show, () => node.firstElementChild.update()));
  }
  node.firstElementChild.update = update;
}

const busy = node => [...node.querySelectorAll('input,select,textarea')].some(field =>
  (!own || field.form != own) && (field == document.activeElement || (field.options
    ? field.selectedIndex != Math.max(0, [...field.options].findIndex(option => option.defaultSelected))
    : /box|dio/.test(field.type) ? field.checked != field.defaultChecked : field.value != field.defaultValue)));

const pushed = ({ triggeringEvent: cause }) => cause && 'seq' in Object(cause.detail);
addEventListener('htmx:configRequest', ({ detail }) => {
  if (pushed(detail)) detail.headers['X-Live'] = 1; // nobody did anything: it keeps no session alive
});
addEventListener('htmx:beforeSwap', ({ detail }) => {
  const { elt, path } = detail.requestConfig, form = placed(elt) && elt.closest('form');
  if (form && /409|422/.test(detail.xhr.status)) {
    Object.assign(detail, { shouldSwap: true, swapOverride: 'outerHTML', target: form });
  } else if (pushed(detail.requestConfig) && busy(detail.target)) {
    detail.shouldSwap = false;
    hold(detail.target, () => htmx.ajax('GET', path, { source: elt }));
  }
});
addEventListener('htmx:afterRequest', ({ detail }) => {
  const { elt } = detail.requestConfig;
  if (!detail.successful || detail.done || !placed(elt)) return;
  detail.done = true; // htmx says it again when the element has gone
  own = elt.closest('form');
  apply(detail.xhr.response);
  if (own) own.reset();
  own = 0;
});
addEventListener('reset', () => setTimeout(() => {
  for (const line of document.querySelectorAll('.stale')) if (!busy(line.parentNode)) line.update();
}));
