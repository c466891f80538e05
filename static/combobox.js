// The field in which a line's medicine is looked for: a combobox with a listbox (WAI-ARIA APG). What is typed stays as it
// is until a medicine is chosen, by Enter on it or a tap; then the next field has the focus. Enter never sends this form.
// What is found and chosen is in suggestions.js, which comes with the first letter. Where this has not come, the form's own
// buttons find and pick.
import { byId } from './page.js';

const FIELD = '[data-picks]';
let timer; // of the field that has the focus: of another nothing is looked for
let suggestions; // the module, once somebody has looked for something

export const listOf = field => byId(field.dataset.picks);
export const idOf = field => byId(`${field.id}_id`);
export const activeOf = field => byId(field.getAttribute('aria-activedescendant'));
export const isOpen = field => !listOf(field).hidden;
export const say = (field, text) => byId(`${field.dataset.picks}-said`).textContent = text;

function equip(field) {
  const list = listOf(field);
  list.setAttribute('role', 'listbox');
  list.textContent = '';
  list.hidden = true;
  for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': list.id, 'aria-expanded': false })) {
    field.setAttribute(name, value);
  }
  field.readOnly = false;
  field.nextElementSibling.hidden = true; // its button
  if (field.autofocus) field.focus(); // of a line that was added
  if (field == document.activeElement && field.value && !idOf(field).value) look(field); // typed before this came
}

const equipAll = node => node.querySelectorAll(FIELD).forEach(equip);

// --- looking ---

export const stop = () => clearTimeout(timer);

function plan(field, wait) {
  stop();
  timer = setTimeout(look, wait, field);
}

// An answer is shown only for the text that it is about, while somebody is there.
async function look(field) {
  const { value } = field;
  const isWanted = () => field.value == value && field == document.activeElement && !idOf(field).value;
  try {
    suggestions = await import('./suggestions.js');
    await suggestions.look(field, isWanted);
  } catch (error) { // no link
    if (!isWanted()) return;
    say(field, _('Pas de réponse du serveur : on cherche encore.'));
    plan(field, 3e3);
  }
}

// To the next field of the form, or to one more line.
export function goOn(from) {
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
    if (!event.repeat) isField && activeOf(target) ? suggestions.choose(target, activeOf(target)) : goOn(target);
  } else if (isField && /^Arrow(Down|Up)$/.test(key)) {
    if (listOf(target).children.length) suggestions.step(target, key);
    else look(target);
  } else if (isField && key == 'Escape' && isOpen(target)) {
    suggestions.open(target, false);
    event.stopPropagation(); // nothing else is closed by it
  } else return;
  event.preventDefault();
}, true);

addEventListener('input', ({ target }) => {
  if (!target.matches(FIELD)) return;
  idOf(target).value = '';
  if (suggestions) suggestions.activate(target); // whoever types goes on looking
  plan(target, 200); // milliseconds without a letter
});

addEventListener('focusout', ({ target }) => {
  if (target.matches(FIELD) && target.isConnected && isOpen(target)) suggestions.open(target, false);
});

// What follows from a posology is put into the fields beside it.
addEventListener('htmx:load', ({ target }) => target.id.startsWith('dose') && import('./proposals.js').then(({ take }) => take(target)));

equipAll(document);
for (const kind of ['htmx:load', 'placed']) addEventListener(kind, ({ target }) => equipAll(target));
