// The field in which a line's medicine is looked for: a combobox with a listbox (WAI-ARIA APG). What is typed stays as it
// is until a medicine is chosen, by Enter on it or a tap; then the next field has the focus. Enter never sends this form.
// proposals.js asks for it; where it has not come, the form's own buttons find and pick.
import { abortAfter, byId, SECOND } from './page.js';

const FIELD = '[data-picks]';
const WAIT = 200; // milliseconds without a letter, before it is looked for
const timers = new Map(); // field → when

const listOf = field => byId(field.dataset.picks);
const idOf = field => byId(`${field.id}_id`);
const optionsOf = field => [...listOf(field).querySelectorAll('[role=option]')];
const activeOf = field => byId(field.getAttribute('aria-activedescendant'));
const isOpen = field => !listOf(field).hidden;
const say = (field, text) => byId(`${field.dataset.picks}-said`).textContent = text;

function equip(field) {
  const list = listOf(field);
  list.setAttribute('role', 'listbox');
  list.onmousedown = event => event.preventDefault(); // the field keeps the focus
  list.onclick = ({ target }) => choose(field, target.closest('[role=option]'));
  for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': list.id })) {
    field.setAttribute(name, value);
  }
  field.readOnly = false;
  field.nextElementSibling.hidden = true; // its button
  show(field, '');
  if (field.autofocus) field.focus(); // of a line that was added
  if (field == document.activeElement && !idOf(field).value) look(field); // typed before this came
}

function equipAll(node) {
  for (const field of node.querySelectorAll(FIELD)) equip(field);
}

// --- looking ---

function plan(field, wait) {
  clearTimeout(timers.get(field));
  timers.set(field, setTimeout(look, wait, field));
}

// An answer is shown only for the text that it is about, while somebody is there.
async function look(field) {
  const { value, form, dataset } = field;
  const isWanted = () => field.value == value && field == document.activeElement && !idOf(field).value;
  if (value.trim().length < 2) return show(field, '');
  const query = new URLSearchParams({ line: dataset.picks.slice(1), q: value, pharmacy_id: form.pharmacy_id.value });
  const control = new AbortController();
  abortAfter(10 * SECOND, control);
  try {
    const answer = await fetch(`/medicines?${query}`, { headers: { 'HX-Request': true }, signal: control.signal });
    const go = answer.headers.get('HX-Redirect'); // the session is over
    const html = await answer.text();
    if (go) location.assign(go);
    else if (isWanted() && answer.ok) show(field, html);
  } catch (error) { // no link
    if (!isWanted()) return;
    say(field, _('Pas de réponse du serveur : on cherche encore.'));
    plan(field, 3 * SECOND);
  }
}

// The suggestions, which come as buttons, as options; what else is said about them, as a status. An answer that comes while
// somebody is at one of them takes it away from nobody: Enter would choose nothing, and the next key go elsewhere.
function show(field, html) {
  const list = listOf(field), at = isOpen(field) && activeOf(field);
  const come = document.createElement('template');
  come.innerHTML = html;
  if (html && at && !come.content.querySelector(`button[value$=":${at.dataset.id}"]`)) return;
  list.textContent = "";
  list.append(come.content);
  const said = [];
  for (const [i, line] of [...list.children].entries()) {
    const button = line.firstElementChild;
    if (button) {
      line.id = `${list.id}-${i}`;
      line.setAttribute('role', 'option');
      line.dataset.id = button.value.split(':')[1];
      line.append(...button.childNodes);
      button.remove();
    } else {
      said.push(line.textContent);
      line.remove();
    }
  }
  const count = optionsOf(field).length;
  if (count) said.unshift(_('%n proposés : flèches, puis Entrée.').replace('%n', count));
  say(field, said.join(' '));
  open(field, count > 0);
  if (html && at) activate(field, optionsOf(field).find(({ dataset }) => dataset.id == at.dataset.id));
}

function open(field, isIt) {
  listOf(field).hidden = !isIt;
  field.setAttribute('aria-expanded', isIt);
  activate(field);
}

// --- choosing ---

// From the last one to none, which is the text itself, then to the first.
function step(field, by) {
  const options = optionsOf(field), places = options.length + 1;
  activate(field, options[(options.indexOf(activeOf(field)) + by + 1 + places) % places - 1]);
}

function activate(field, option) {
  for (const other of optionsOf(field)) other.setAttribute('aria-selected', other == option);
  if (!option) return field.removeAttribute('aria-activedescendant');
  field.setAttribute('aria-activedescendant', option.id);
  option.scrollIntoView({ block: 'nearest' });
}

function choose(field, option) {
  if (!option) return;
  field.value = option.querySelector('bdi').textContent;
  field.dispatchEvent(new Event('input', { bubbles: true })); // it is kept as a draft
  clearTimeout(timers.get(field));
  idOf(field).value = option.dataset.id;
  show(field, '');
  field.dispatchEvent(new Event('chosen', { bubbles: true })); // what is understood of the posology depends on it
  goOn(field);
}

// To the next field of the form, or to one more line.
function goOn(from) {
  const fields = [...from.form.elements].filter(({ tabIndex, offsetParent, type, name }) =>
    offsetParent && tabIndex > -1 && (type != 'submit' || name == 'more'));
  const next = fields[fields.indexOf(from) + 1];
  if (next) next.focus();
}

// --- keys ---

addEventListener('keydown', event => {
  const { key, target, isComposing, ctrlKey, altKey, metaKey, shiftKey } = event;
  const isField = target.matches(FIELD);
  if (isComposing || ctrlKey || altKey || metaKey || shiftKey || !(target.form && target.form.stay)) return;
  if (key == 'Enter' && target.matches('input:not([type=checkbox]), textarea')) {
    if (!event.repeat) isField && activeOf(target) ? choose(target, activeOf(target)) : goOn(target);
  } else if (isField && (key == 'ArrowDown' || key == 'ArrowUp')) {
    if (optionsOf(target).length) {
      if (!isOpen(target)) open(target, true);
      step(target, key == 'ArrowDown' ? 1 : -1);
    } else look(target);
  } else if (isField && key == 'Escape' && isOpen(target)) {
    open(target, false);
    event.stopPropagation(); // nothing else is closed by it
  } else return;
  event.preventDefault();
}, true);

addEventListener('input', ({ target }) => {
  if (!target.matches(FIELD)) return;
  idOf(target).value = '';
  activate(target); // whoever types goes on looking
  plan(target, WAIT);
});

addEventListener('focusout', ({ target }) => {
  if (target.matches(FIELD) && target.isConnected) open(target, false);
});

equipAll(document);
for (const kind of ['htmx:load', 'placed']) addEventListener(kind, ({ target }) => equipAll(target));
