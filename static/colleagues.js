// Which of the pharmacy's prescriptions a colleague has open: the element « on » has it as the server said last, in its
// words, and the row or the page shows it (`data-on`) for as long as this page is live. Whoever leaves one says so.
import { byId } from './page.js';

let wasLive = false;

function tellColleagues() {
  const live = byId('status').dataset.state == 'live';
  if (wasLive && !live) byId('on').textContent = ''; // the next stream says it anew
  wasLive = live;
  const said = new Map(live ? [...byId('on').children].map(({ dataset, textContent }) => [dataset.of, textContent]) : []);
  const places = [...said.keys()].map(id => `,#${id},[data-about=${id}]`).join('');
  for (const { id, dataset } of document.querySelectorAll('[data-on]' + places)) {
    const text = said.get(dataset.about || id);
    if (!text) delete dataset.on;
    else if (dataset.on != text) dataset.on = text;
  }
}

const { id } = (byId('item') || document.body).dataset;

tellColleagues();
new MutationObserver(tellColleagues).observe(byId('status'), { attributeFilter: ['data-state'] });
addEventListener('placed', tellColleagues); // page.js
addEventListener('htmx:load', tellColleagues);
if (id) addEventListener('pagehide', () => navigator.sendBeacon(`/prescriptions/${id}/closing`));
