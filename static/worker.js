// A service worker, which browsers allow over https alone: without a link it shows the page of its own (/offline) in the
// place of the browser's error page. It keeps that page and its files, and nothing of anybody.
const PAGE = '/offline';
const DAY = 864e5; // milliseconds

async function keep() {
  const answer = await fetch(PAGE, { credentials: 'omit' });
  if (!answer.ok) return;
  const files = (await answer.clone().text()).match(/\/static\/[^"]+\.(css|svg)/g);
  const kept = await caches.open(PAGE);
  const before = await kept.keys();
  const now = [...new Set(files)];
  await kept.addAll(now); // all of them, or it stays as it was
  await kept.put(PAGE, answer);
  const gone = before.filter(({ url }) => ![PAGE, ...now].includes(new URL(url).pathname));
  await Promise.all(gone.map(request => kept.delete(request)));
}

// The telephone number may have changed.
async function keepAnew() {
  const kept = await caches.match(PAGE);
  if (!kept || Date.now() - new Date(kept.headers.get('Date')) > DAY) await keep();
}

oninstall = event => event.waitUntil(keep());

onfetch = event => {
  const { request } = event;
  if (request.mode == 'navigate' && request.method == 'GET') {
    const answer = fetch(request);
    event.waitUntil(answer.then(keepAnew).catch(() => {}));
    event.respondWith(answer.catch(() => caches.match(PAGE)));
  } else if (request.url.includes('/static/')) {
    event.respondWith(caches.match(request).then(kept => kept || fetch(request)));
  } else if (/\/closing$/.test(request.url)) { // beside.js: else it goes with the page that says it
    const answer = fetch(request);
    event.respondWith(answer);
    event.waitUntil(answer);
  }
};
