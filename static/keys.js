// The keyboard of staff: j and k go from row to row, / searches, ? says what there is, a letter does what the element with
// this `data-key` does, Escape closes. lock.js fetches it at a first key. What has the focus is the row that one is in.
import { create } from './page.js';

const VISIBLE = ({ offsetParent }) => offsetParent;
const FIELDS = 'input:not([type=hidden]), select, textarea';
const ROW = 'li[id], tbody tr[id]';
const main = () => document.getElementById('main');
const help = () => document.getElementById('keys-help');
const rows = () => [...main().querySelectorAll(ROW)].filter(row => VISIBLE(row) && handle(row));
const handle = row => row.querySelector('a[href], button');

// A scanner types as nobody does, and ends with Enter or Tab. Where no field has the focus its code is looked for, and none
// of its letters does anything: so an act waits for as long as the key after it would take.
const BETWEEN = 35; // milliseconds, between two keys of a scanner at the most
const LEAST = 6; // characters of a code
let code = '', codeAt = 0, waiting;

let lastAt = -1; // of the rows; the one that was there may have gone

// Returns whether the key meant something here.
export function press({ key, target, repeat, timeStamp, ctrlKey, altKey, metaKey, isComposing }) {
  if (ctrlKey || altKey || metaKey || isComposing || !main()) return false; // or the screen is hidden
  if (key == 'Escape') return close(target);
  if (target.matches(FIELDS) || target.isContentEditable) return false;
  if (isScanned(key, repeat, timeStamp)) return true;
  if (key == 'j' || key == 'k') return step(target, key == 'j' ? 1 : -1);
  if (repeat || key.length > 1) return false;
  if (key == '/') return search();
  if (key == '?') return help() ? close(target) : explain();
  return act(target, key);
}

// Whether the key is not the first two of a scanner's.
function isScanned(key, repeat, at) {
  const follows = !repeat && at - codeAt < BETWEEN;
  if (/^(Enter|Tab)$/.test(key)) {
    const found = follows && code.length >= LEAST && code;
    code = '';
    if (found) look(found);
    return !!found;
  }
  if (key.length > 1) return false; // Shift, before a capital
  code = follows ? code + key : key;
  codeAt = at;
  if (code.length < 3) return false;
  clearTimeout(waiting);
  return true;
}

function look(found) {
  const field = searchField();
  if (!field) return;
  if (field.matches('a')) location.href = field.getAttribute('href') + '?q=' + encodeURIComponent(found);
  else {
    field.value = found;
    field.form.requestSubmit();
  }
}

function step(target, by) {
  const all = rows();
  const at = all.findIndex(row => row.contains(target));
  // From a row that has gone, the one that has come into its place is the next.
  const next = all[at < 0 ? Math.max(0, Math.min(lastAt + (by < 0 || lastAt < 0 ? by : 0), all.length - 1)) : at + by];
  if (!next) return false;
  lastAt = all.indexOf(next);
  handle(next).focus();
  return true;
}

// That of the page, else that of the frame, or what leads to it.
const searchField = () => ['main [type=search]', 'header [type=search]', '#find']
  .map(where => [...document.querySelectorAll(where)].find(VISIBLE)).find(found => found);

function search() {
  const field = searchField();
  if (field) field.matches('a') ? field.click() : field.select();
  return !!field;
}

// In the row that one is in; from outside of all rows, on the page but in no row: nobody has chosen one.
function act(target, key) {
  const row = main().contains(target) && target.closest(ROW);
  const found = [...(row || main()).querySelectorAll('[data-key]')].find(element =>
    element.dataset.key == key && VISIBLE(element) && !element.closest('[aria-busy]') && (row || !element.closest(ROW)));
  if (!found) return false;
  clearTimeout(waiting);
  waiting = setTimeout(() => found.isConnected && !found.closest('[aria-busy]') && doIt(found), 2 * BETWEEN);
  return true;
}

function doIt(found) {
  const part = found.form || found.matches('summary') && found.parentNode;
  const field = part && part.querySelector(FIELDS);
  if (!field || part != found.form) found.click(); // nothing is sent that is not filled in
  if (field) field.focus(); // where the next key is needed
}

// The innermost of what is open: the keys, a part that was unfolded, a field.
function close(target) {
  const part = target.closest('details[open]');
  if (help()) help().remove();
  else if (part) {
    part.open = false;
    part.querySelector('summary').focus();
  } else target.blur();
  return true;
}

// What there is on this page, and nothing else.
function explain() {
  const list = create('dl');
  for (const [key, does] of Object.entries({ ...moves(), ...acts(), ...always() })) {
    const name = create('dt');
    name.append(create('kbd', { textContent: key }));
    list.append(name, create('dd', { textContent: does }));
  }
  const part = create('section', { id: 'keys-help', className: 'card np', tabIndex: -1 });
  part.append(create('h2', { textContent: _('Touches du clavier') }), list);
  main().prepend(part);
  part.focus();
  return true;
}

const moves = () => rows().length ? { j: _('Ligne suivante'), k: _('Ligne précédente'), [_('Entrée')]: _('Ouvrir') } : {};

function acts() {
  const found = {};
  for (const { dataset: { key }, textContent } of [...main().querySelectorAll('[data-key]')].filter(VISIBLE)) {
    found[key] = found[key] || textContent;
  }
  return found;
}

const always = () => ({
  ...searchField() && { '/': _('Chercher') },
  [_('Échap')]: document.body.dataset.lock ? _("Fermer ; deux fois : masquer l'écran") : _('Fermer'),
  '?': _('Montrer ou fermer cette liste')
});

// The buttons of a row say whose they are, to whom hears one after the other: all rows have the same.
function tellWhose() {
  for (const row of main() ? rows() : []) { // or the screen is hidden
    const whose = handle(row);
    for (const other of row.querySelectorAll('button, .btn')) {
      if (other != whose) other.setAttribute('aria-label', `${other.textContent}, ${whose.textContent}`);
    }
  }
}

tellWhose();
for (const kind of ['placed', 'htmx:load']) addEventListener(kind, tellWhose);
addEventListener('keydown', event => press(event) && event.key != 'Escape' && event.preventDefault());
