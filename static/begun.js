// What somebody had begun to write in a form is put into it again. drafts.js fetches this where there is any.
import { ask, gone, isChoice, read, typable, typed } from './drafts.js';
import { create } from './page.js';
import { sendNow, spoken } from './saving.js';

// `rest`: the draft, where some of it was put into a form before that had fewer lines. Returns what the next form in its
// place is given as that: the draft where this one has fewer lines, too; nothing where an event has put the next one there
// meanwhile, which looks for the draft itself; else 0, for there is nothing left of it.
export async function take(form, address, rest) {
  const draft = rest || await read(address), { fields } = draft;
  if (!fields) return 0; // it has gone meanwhile
  for (const field of typable(form)) if (typed.has(field)) delete fields[field.name];
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

function fill(form, fields) {
  let changed;
  if (form.version && fields.version) form.version.value = fields.version;
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
