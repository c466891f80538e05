// What comes for a part of the page while somebody is typing in it is offered, and waits. page.js fetches this when it happens.
import { heldBy } from './later.js';
import { create, isBusy, lineWithButton } from './page.js';

const STALE = _("Cette partie vient de changer. Votre saisie est encore là ; la nouvelle version l'effacera.");

// `bringNewest(asked)`: whether they have asked for it, over what they are typing, too.
export function offer(node, bringNewest) {
  if (!node.isConnected || !isBusy(node)) return bringNewest(); // meanwhile
  if (!heldBy(node)) {
    const text = create('span');
    text.setAttribute('role', 'status');
    setTimeout(() => text.append(STALE), 100); // read aloud only where the status was there before its text
    node.prepend(lineWithButton('stale', text, _('Voir la nouvelle version'), () => heldBy(node)(true)));
  }
  node.firstElementChild.bringNewest = bringNewest;
}

// The answer to an act will know of all that has been held back until it was sent.
addEventListener('sending', () => {
  for (const line of document.querySelectorAll('.stale')) line.known = line.bringNewest;
});

function bringNewest() {
  for (const line of document.querySelectorAll('.stale')) if (!isBusy(line.parentNode)) line.bringNewest();
}

addEventListener('reset', () => setTimeout(bringNewest)); // once the fields are empty
// Or what was sent is answered, refused or taken back: of what only waited for that.
new MutationObserver(bringNewest).observe(document, { attributeFilter: ['aria-busy'], subtree: true });
