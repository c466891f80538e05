// The pages of a paper are sent one after the other, each in parts, which a broken link does not take back; a picture is made
// smaller first where the link is slow. papers.js asks for this once one is chosen.
import { create, SECOND } from './page.js';
import { BROKEN, button, camera, chosen, file, form, list, listed, paper } from './papers.js';

const LONGEST = 2000; // points of the long side that are sent over a slow link: A4 at 170 dots per inch
const ENOUGH = 400 * 1024; // bytes that are not worth making smaller
const GOOD = 2; // megabits a second
const NEAR = 150; // milliseconds for an answer, where the browser does not say how good the link is
const MOST = 10 * 1024 * 1024;
const PART = 64 * 1024, SLOW_PART = 16 * 1024; // what a break takes back at most: 3 s at 50 kbit/s
const WAIT = 3 * SECOND;

const MOST_PAGES = 20;

// `said`: the line that says how far it is.
export async function run(said) {
  const bar = create('progress', { max: 1, value: 0 });
  said.after(bar);
  const all = paper.number + chosen.length, which = () => all > 1 ? _('Page %(number)d sur %(all)d').replace('%(number)d', paper.number + 1).replace('%(all)d', all) + _(' : ') : '';
  try {
    if (all > MOST_PAGES) throw _('Un document a au plus 20 pages : ajoutez un autre document pour la suite.');
    announce('sending');
    let there;
    while (chosen.length) {
      const before = which();
      said.textContent = before + _('Préparation…');
      const good = isGood(), sent = good ? chosen[0] : await smaller(chosen[0]);
      if (sent.size > MOST) throw _('Ce fichier dépasse 10 Mo : réduisez-le, ou photographiez le papier.');
      there = await send(sent, good ? PART : SLOW_PART, part => {
        bar.value = part;
        said.textContent = before + Math.floor(100 * part) + _(' % envoyés');
      }, why => { said.textContent = why || BROKEN; });
      if (!paper.number) paper.target = `/papers/${there.paper_id}/pages`;
      paper.number++;
      chosen.shift();
      listed.start = paper.number + 1;
      listed.firstChild.remove();
    }
    const [, , , kind, id, what] = form.action.split('/');
    await ask(`/drafts/${kind}-${what}/${id}`, { method: 'DELETE' }, why => { said.textContent = why; }); // also, the link is there
    location.assign('/records/' + there.record_id);
  } catch (why) {
    announce('unsent');
    const line = create('p', { className: 'err unsent', textContent: which() + (typeof why == 'string' ? why : _('Ce fichier ne se laisse pas lire.')) });
    line.setAttribute('role', 'alert');
    said.replaceWith(line);
    bar.remove();
    button.disabled = file.disabled = camera.disabled = false;
    list();
  }
}

const announce = what => form.dispatchEvent(new Event(what, { bubbles: true })); // drafts.js

function isGood() {
  const { connection } = navigator, [page] = performance.getEntriesByType('navigation');
  if (connection && connection.downlink) return !connection.saveData && connection.downlink >= GOOD;
  return page && page.responseStart - page.requestStart < NEAR;
}

// The picture with fewer points, upright; what is none, or does not become smaller, stays as it is.
async function smaller(chosen) {
  if (chosen.size < ENOUGH || !/^image\//.test(chosen.type)) return chosen;
  const picture = await createImageBitmap(chosen).catch(() => 0);
  if (!picture) return chosen; // the server says what is wrong with it
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = create('canvas', { width: picture.width * scale, height: picture.height * scale });
  const context = canvas.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const drawn = await new Promise(done => canvas.toBlob(done, 'image/jpeg', .7));
  return drawn && drawn.size < chosen.size ? drawn : chosen;
}

// Returns what it has become: a page of which paper and record. Throws what the server says of it.
async function send(sent, most, progress, broken) {
  const bytes = new Uint8Array(await sent.arrayBuffer());
  const fields = { size: bytes.length, hash: sha256(bytes) };
  const said = paper.number ? [] : ['type', 'title', 'occurred_on', 'body'].filter(name => form.elements[name]);
  for (const name of said) fields[name] = form.elements[name].value;
  const headers = { 'Content-Type': 'application/json' };
  let there = await ask(paper.target + '/uploads', { method: 'POST', headers, body: JSON.stringify(fields) }, broken);
  const address = '/papers/uploads/' + there.id;
  while (there.status != 'done') {
    progress(there.offset / bytes.length);
    const body = bytes.subarray(there.offset, there.offset + most);
    there = await ask(`${address}?offset=${there.offset}`, { method: 'PUT', headers: { 'Content-Type': 'application/octet-stream' }, body }, broken);
  }
  return there;
}

// Asks until there is an answer: over a broken link, before a locked screen, beside a server that starts again.
async function ask(address, options, broken) {
  for (;;) {
    const headers = { ...options.headers, Accept: 'application/json', 'X-For': document.body.dataset.user || '' };
    const answer = await fetch(address, { ...options, headers }).catch(() => 0);
    const said = answer ? await answer.json().catch(() => ({})) : {};
    if (answer && answer.ok) return said;
    if (answer && ![423, 502, 503, 504].includes(answer.status)) {
      if (said.offset !== undefined) return { ...said, status: 'receiving' }; // the server has less of it than we thought
      throw said.errors ? Object.values(said.errors).join(' ') : said.detail || answer.statusText;
    }
    broken(said.detail);
    await new Promise(done => {
      setTimeout(done, WAIT);
      addEventListener('online', done, { once: true });
    });
  }
}

// FIPS 180-4. The browser's own is only there over TLS, and clinics have servers without.
function sha256(bytes) {
  const constants = [], state = [];
  for (let n = 2; constants.length < 64; n++) {
    let divisor = 2;
    while (n % divisor) divisor++;
    if (divisor < n) continue;
    if (state.length < 8) state.push(Math.sqrt(n) % 1 * 2 ** 32 | 0);
    constants.push(Math.cbrt(n) % 1 * 2 ** 32 | 0);
  }
  const whole = new Uint8Array((bytes.length + 72 >> 6) << 6);
  whole.set(bytes);
  whole[bytes.length] = 128;
  const view = new DataView(whole.buffer), w = new Int32Array(64);
  view.setUint32(whole.length - 4, bytes.length * 8); // below 512 MB
  const turn = (x, n) => x >>> n | x << 32 - n;
  for (let at = 0; at < whole.length; at += 64) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = i < 16 ? view.getInt32(at + 4 * i)
        : w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ x >>> 3) + w[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ y >>> 10);
      const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + constants[i] + w[i] | 0;
      const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c) | 0;
      h = g; g = f; f = e; e = d + one | 0;
      d = c; c = b; b = a; a = one + two | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] = state[i] + x | 0; });
  }
  return state.map(x => (x >>> 0).toString(16).padStart(8, '0')).join('');
}
