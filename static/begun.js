// What somebody had begun to write in a form is put into it again. drafts.js fetches this where there is any.
import { about, ask, gone, isChoice, read, typable, typed } from './drafts.js';
import { create } from './page.js';
import { sendNow, spoken } from './saving.js';

// `rest`: the draft, where some of it was put into a form before that had fewer lines. Returns what the next form in its
// place is given as that: the draft where this one has fewer lines, too; nothing where an event has put the next one there
// meanwhile, which looks for the draft itself; else 0, for there is nothing left of it.
export async function take(form, address, rest) {
  const draft = rest || await read(address);
  if (!draft.fields) return 0; // it has gone meanwhile
  const fields = onTheirLines(form, draft.fields);
  for (const { name } of typable(form).filter(field => typed.has(field))) {
    for (const what of [name, name.replace(/on_hand$/, 'version')]) delete fields[what];
  }
  const names = typable(form).map(({ name }) => name);
  if (form.more && Object.keys(fields).some(name => !names.includes(name) && name != 'version')) { // it has fewer lines than there were
    gone.add(form); // the one that comes is kept in its place
    form.more.click();
    return draft;
  }
  if (fill(form, fields)) tell(form, address, draft);
  if (rest) sendNow(form);
  if (form.isConnected) return 0;
}

// What was typed of a lot goes to the line that it has now, with the version that it was counted at; of others nowhere.
function onTheirLines(form, fields) {
  const lots = about(form).filter(({ name }) => /lot_id$/.test(name));
  if (!lots.length) return fields;
  const found = Object.fromEntries(Object.entries(fields).filter(([name]) => !/^lines-/.test(name)));
  for (const line of lots) {
    const lot = Object.keys(fields).find(name => /^lines-\d+-lot_id$/.test(name) && fields[name] == line.value);
    for (const what of lot && fields[lot.replace('lot_id', 'on_hand')] ? ['on_hand', 'version'] : []) {
      found[line.name.replace('lot_id', what)] = fields[lot.replace('lot_id', what)];
    }
  }
  return found;
}

function fill(form, fields) {
  let changed;
  for (const field of about(form)) field.value = fields[field.name] || field.value;
  for (const field of typable(form)) {
    const text = fields[field.name];
    if (text == null) continue;
    if (isChoice(field)) field.checked = field.value == text;
    else if (field.value != text) changed = field.value = text; // never an empty one
  }
  return changed;
}

// Above the fields, before anybody writes about another person among what is there; it stays until the form is sent.
function tell(form, address, { saved_at }) {
  const details = form.closest('details');
  if (details) details.open = true;
  const button = create('button', { type: 'button', className: 'alt', textContent: _('Effacer ce texte') });
  const line = create('p', { className: 'begun note' });
  button.onclick = async () => {
    await ask(address, 'DELETE');
    form.reset();
    line.remove();
    typable(form)[0].focus();
  };
  const when = new Date(saved_at).toLocaleString(document.documentElement.lang, { dateStyle: 'short', timeStyle: 'short' });
  line.append(spoken(_('Vous aviez commencé à écrire.') + ' ' + when), ' ', button);
  form.prepend(line);
}
