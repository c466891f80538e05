// Says how many rows a search shows as one types, to whom does not see them come. answered.js asks for this with the first letter.
import { byId, create } from './page.js';

const said = create('p', { className: 'vh' });
said.setAttribute('role', 'status');
document.body.append(said);

addEventListener('htmx:afterSwap', ({ detail: { requestConfig, target } }) => {
  if (requestConfig.elt.type != 'search') return;
  const found = byId(target.id), count = found.querySelectorAll('li:not(.empty), tbody tr').length;
  said.textContent = count ? _('Lignes affichées : %n').replace('%n', count) : (found.querySelector('.empty') || found).textContent.trim();
});
