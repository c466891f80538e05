// What is found of the medicines that somebody looks for, shown below the field, and chosen. combobox.js fetches this with the
// first letter.
import { activeOf, goOn, idOf, isOpen, listOf, say, stop } from './combobox.js';
import { abortAfter, SECOND } from './page.js';

const optionsOf = field => [...listOf(field).querySelectorAll('[role=option]')];

// `isWanted()`: whether an answer is still about what stands in the field. Throws where there is no link.
export async function look(field, isWanted) {
  const { value, form, dataset } = field;
  if (value.trim().length < 2) return show(field, '');
  const query = new URLSearchParams({ line: dataset.picks.slice(1), q: value, pharmacy_id: form.pharmacy_id.value });
  const control = new AbortController();
  abortAfter(10 * SECOND, control);
  const answer = await fetch(`/medicines?${query}`, { headers: { 'HX-Request': true }, signal: control.signal });
  const go = answer.headers.get('HX-Redirect'); // the session is over
  const html = await answer.text();
  if (go) location.assign(go);
  else if (isWanted() && answer.ok) show(field, html);
}

// The suggestions, which come as buttons, as options; what else is said about them, as a status. An answer that comes while
// somebody is at one of them takes it away from nobody: Enter would choose nothing, and the next key go elsewhere.
function show(field, html) {
  const list = listOf(field), at = isOpen(field) && activeOf(field);
  const come = document.createElement('template');
  come.innerHTML = html;
  if (html && at && !come.content.querySelector(`button[value$=":${at.dataset.id}"]`)) return;
  list.onmousedown = event => event.preventDefault(); // the field keeps the focus
  list.onclick = ({ target }) => choose(field, target.closest('[role=option]'));
  list.textContent = '';
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

export function open(field, isIt) {
  listOf(field).hidden = !isIt;
  field.setAttribute('aria-expanded', isIt);
  activate(field);
}

// --- choosing ---

// From the last one to none, which is the text itself, then to the first.
export function step(field, key) {
  const by = key == 'ArrowDown' ? 1 : -1, options = optionsOf(field), places = options.length + 1;
  if (!isOpen(field)) open(field, true);
  activate(field, options[(options.indexOf(activeOf(field)) + by + 1 + places) % places - 1]);
}

export function activate(field, option) {
  for (const other of optionsOf(field)) other.setAttribute('aria-selected', other == option);
  if (!option) return field.removeAttribute('aria-activedescendant');
  field.setAttribute('aria-activedescendant', option.id);
  option.scrollIntoView({ block: 'nearest' });
}

export function choose(field, option) {
  if (!option) return;
  field.value = option.querySelector('bdi').textContent;
  field.dispatchEvent(new Event('input', { bubbles: true })); // it is kept as a draft
  stop();
  idOf(field).value = option.dataset.id;
  show(field, '');
  field.dispatchEvent(new Event('chosen', { bubbles: true })); // what is understood of the posology depends on it
  goOn(field);
}
