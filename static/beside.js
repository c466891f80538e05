// What stands beside the rows of a pharmacy's work, and is right without it: which of them a colleague has open, and how long
// they have waited. It is fetched once the page is there.
import { byId } from './page.js';

// How long each row has waited: `data-since` has since when, in minutes since 1970; the sheet shows `data-age` beside it.
function tellAges() {
  for (const { dataset } of document.querySelectorAll('[data-since]')) {
    const minutes = Math.max(0, Date.now() / 6e4 - dataset.since | 0), hours = minutes / 60 | 0;
    dataset.age = hours > 47 ? (hours / 24 | 0) + '\u00a0' + _('jours') : hours ? `${hours} h ${String(minutes % 60).padStart(2, 0)}` : `${minutes} min`;
  }
}

// The element « on » has what colleagues have open as the server said last, in its words; the row or the page shows it
// (`data-on`) for as long as this page is live.
let wasLive = false;

function tellColleagues() {
  const on = byId('on');
  if (!on) return; // the screen is hidden
  const live = status.dataset.state == 'live';
  if (wasLive && !live) on.textContent = ''; // the next stream says it anew
  wasLive = live;
  const said = new Map(live ? [...on.children].map(({ dataset, textContent }) => [dataset.of, textContent]) : []);
  const places = [...said.keys()].map(id => `,#${id},[data-about=${id}]`).join('');
  for (const { id, dataset } of document.querySelectorAll('[data-on]' + places)) {
    const text = said.get(dataset.about || id);
    if (!text) delete dataset.on;
    else if (dataset.on != text) dataset.on = text;
  }
}

const status = byId('status');
const { id } = (byId('item') || document.body).dataset; // of the prescription whose page this is

function tell() {
  tellColleagues();
  tellAges();
}

tell();
setInterval(tellAges, 3e4);
new MutationObserver(tellColleagues).observe(status, { attributeFilter: ['data-state'] });
addEventListener('placed', tell); // page.js
addEventListener('htmx:load', tell);
if (id) addEventListener('pagehide', () => navigator.sendBeacon(`/prescriptions/${id}/closing`));
