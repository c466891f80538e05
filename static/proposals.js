// What follows from a posology is put into the fields beside it: what nobody has typed, or was proposed before. What was
// proposed halfway (« 1 cp x 3 » of « 1 cp x 3 fois par semaine ») goes with what it followed from.
import { byId } from './page.js';

import('./combobox.js'); // where medicines are looked for

addEventListener('htmx:load', ({ detail: { elt: { id, dataset: { quantity, days } } } }) => {
  if (!id.startsWith('dose')) return;
  propose(id, 'duration_days', days || '');
  propose(id, 'quantity', quantity || '');
});

function propose(id, name, value) {
  const field = byId(`lines-${id.slice(4)}-${name}`);
  if (!field || field == document.activeElement || (field.value && field.value != field.dataset.proposed)) return;
  field.dataset.proposed = value;
  if (field.value == value) return;
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true })); // a draft of it is kept, and the next proposal asked for
}
