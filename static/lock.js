// The screens of staff: hidden at once by button or key, locked by the server. What was shown leaves the document, and is
// fetched again at the same address once its person has unlocked it.
import { byId } from './page.js';

const { lock, hidden, waiting } = document.body.dataset; // seconds; without, this page is the lock itself
const { now } = Date;
const here = location.pathname + location.search;

let touchedAt = now(), toldAt = now(), escapedAt = 0, hiding = false;

// Typing is activity long before anything of it is sent.
function touch() {
  touchedAt = now();
  if (Math.abs(touchedAt - toldAt) < 6e4) return;
  toldAt = touchedAt;
  send('/activity').catch(() => {});
}

const send = path => fetch(path, { method: 'POST', headers: { Accept: 'application/json' } });

async function hide() {
  if (hiding) return;
  hiding = true;
  const curtain = document.createElement('h1');
  curtain.textContent = hidden;
  document.title = 'FADJMA';
  byId('main').replaceWith(curtain);
  const texts = []; // promises of what is being typed, to be on the server
  dispatchEvent(new CustomEvent('hiding', { detail: texts }));
  await Promise.all([untilAnswered(curtain), ...texts]);
  location.replace(here);
}

async function untilAnswered(curtain) {
  const answer = await send('/lock').catch(() => 0);
  if (answer && answer.status < 500) return;
  curtain.textContent = hidden + '. ' + waiting;
  await new Promise(done => setTimeout(done, 3e3));
  await untilAnswered(curtain);
}

function watch() {
  for (const kind of ['keydown', 'pointerdown', 'input', 'wheel', 'touchmove']) addEventListener(kind, touch, { passive: true });
  addEventListener('locked', hide); // live.js has heard it
  addEventListener('keydown', ({ key, repeat }) => {
    if (key != 'Escape' || repeat) return;
    if (now() - escapedAt < 600) hide();
    escapedAt = now();
  });
  addEventListener('submit', event => {
    if (event.target.getAttribute('action') != '/lock') return;
    event.preventDefault();
    hide();
  });
  // Where the server cannot be heard, nobody else says it.
  setInterval(() => {
    const { state } = byId('status').dataset;
    if (state == 'offline' && now() - touchedAt > lock * 1e3) hide();
  }, 5e3);
}

// Unlocked in another tab, or by whoever has signed in since.
async function lookAgain() {
  if (document.hidden) return;
  const { status } = await fetch(here, { headers: { 'X-Live': 1 } }).catch(() => 0);
  if (status == 200) location.replace(here);
}

if (lock) watch();
else addEventListener('visibilitychange', lookAgain);
