// The screens of staff: hidden at once by button or key, locked by the server. What was shown leaves the document, and is
// fetched again at the same address once its person has unlocked it.
import { byId, create, here, later, lock, now, SECOND, sleep } from './page.js';

let touchedAt = now(), toldAt = now(), escapedAt, hiding;

// Typing is activity long before anything of it is sent.
function touch() {
  touchedAt = now();
  if (Math.abs(touchedAt - toldAt) < 6e4) return;
  toldAt = touchedAt;
  post('/activity').catch(() => {});
}

const post = path => fetch(path, { method: 'POST', headers: { Accept: 'application/json' } });

export async function hide() {
  if (hiding) return;
  hiding = true;
  const curtain = create('h1', { textContent: _('Écran masqué') });
  document.title = 'FADJMA';
  byId('main').replaceWith(curtain);
  const texts = []; // promises of what is being typed, to be on the server
  dispatchEvent(new CustomEvent('hiding', { detail: texts }));
  await Promise.all([untilAnswered(curtain), ...texts]);
  location.replace(here);
}

async function untilAnswered(curtain) {
  const { status } = await post('/lock').catch(() => 0);
  if (status < 500) return;
  later().then(({ WAITING }) => curtain.textContent = WAITING);
  await sleep(3 * SECOND);
  await untilAnswered(curtain);
}

if (lock) {
  for (const kind of ['keydown', 'pointerdown', 'input', 'wheel']) addEventListener(kind, touch, { passive: true });
  addEventListener('locked', hide); // live.js has heard it
  const early = event => import('./keys.js').then(({ press }) => { // until it is there, in order
    removeEventListener('keydown', early);
    if (document.activeElement == event.target) press(event); // else it was for where « / » leads
  });
  addEventListener('keydown', early);
  addEventListener('keydown', ({ key, repeat }) => {
    if (key != 'Escape' || repeat) return;
    if (now() - escapedAt < 600) hide();
    escapedAt = now();
  });
  // Where the server cannot be heard, nobody else says it.
  setInterval(() => {
    const { state } = byId('status').dataset;
    if (state == 'offline' && now() - touchedAt > lock * SECOND) hide();
  }, 5 * SECOND);
}
