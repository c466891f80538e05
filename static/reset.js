// The page fetched anew, where too much has happened to be told piece by piece.
import { fetchWithin } from './later.js';
import { byId, create, holdBack, isBusy, SECOND, showToast, swap, user } from './page.js';

export async function fetchPage() {
  const answer = await fetchWithin(30 * SECOND, location.href, { headers: { 'X-Live': 1 }, cache: 'no-cache' });
  const { body } = new DOMParser().parseFromString(await answer.text(), 'text/html');
  // It failed, or it is a proxy's, or of somebody who has signed in since.
  if (answer.status > 499 || answer.status == 429 || body.dataset.user != user) throw new Error('not this page');
  if (answer.status == 405) body.querySelector('#main').remove(); // it is the answer to a form, which is not to be had again
  return body;
}

// Puts the parts of the page fetched anew in their places. `again` fetches it once more, for when what is being typed
// is done; without it, it is put there anyway.
export function renew(body, missed, again) {
  const main = byId('main'), part = body.querySelector('#main');
  if (part && again && isBusy(main)) {
    holdBack(main, again);
    keep([...main.querySelectorAll('form')].filter(isBusy));
  } else if (part) {
    swap(main, part);
  }
  byId('unread').replaceWith(body.querySelector('#unread'));
  if (missed > 0) {
    const textContent = _('Changements pendant votre absence : %n').replace('%n', missed);
    showToast(create('a', { className: 'toast', href: byId('bell').href, textContent }));
  }
}

// After a copy was restored the server has an earlier draft, or none.
async function keep(forms) {
  const { isKept } = await import('./drafts.js');
  const { sendNow } = await import('./saving.js');
  forms.filter(isKept).forEach(form => sendNow(form));
}
