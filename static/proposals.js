// What follows from a posology is put into the fields beside it: what nobody has typed, or was proposed before. What was
// proposed halfway (« 1 cp x 3 » of « 1 cp x 3 fois par semaine ») goes with what it followed from.
import { byId } from './page.js';

// The answer about a posology, once it is in the page: combobox.js hands it over.
export function take({ id, dataset: { quantity, days } }) {
  propose(id, 'duration_days', days || '');
  propose(id, 'quantity', quantity || '');
}

function propose(id, name, value) {
  const field = byId(`lines-${id.slice(4)}-${name}`);
  if (!field || field == document.activeElement || (field.value && field.value != field.dataset.proposed)) return;
  field.dataset.proposed = value;
  if (field.value == value) return;
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true })); // a draft of it is kept, and the next proposal asked for
}
