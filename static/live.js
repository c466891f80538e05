// Brings each event to the page once, in order, and says how live the page is.
// page.js puts it there. One tab leads: it streams or polls, and tells the others. Each tab has its own cursor.
const { cursor, user } = document.body.dataset;
const { now } = Date; // counts while the machine sleeps, too
const shared = navigator.locks && self.BroadcastChannel;
const streams = shared && 'body' in Response.prototype;
const tell = message => channel && channel.postMessage(message);
const nap = ms => new Promise(done => setTimeout(wakeUp = done, ms));
const limit = (control, ms) => setTimeout(() => control.abort(), ms);

let last = +cursor; // the newest event on this page
let state, alive = now(), heard, ticked = alive; // signs of life: server, leader, this tab
let life, channel, leading, pause, fails = 0, streamAt = 0, retry = 0, notBefore = 0;
let cut = () => {}, wakeUp = cut, work = Promise.resolve();

function inTurn(job) {
  const done = work.then(job);
  work = done.catch(() => {});
  return done;
}

function show(next) {
  const line = $('status');
  const text = line.dataset[next] + (next == 'offline' ? ' ' + new Date(alive).toTimeString().slice(0, 5) : '');
  if (line.textContent != text) line.textContent = text;
  line.dataset.state = state = next;
  if (leading) tell({ news: { state, alive, last, fails, away: document.hidden } });
}

async function lead(signal) {
  leading = !signal.aborted;
  show('connecting');
  while (!signal.aborted) {
    const began = now();
    let wait = document.hidden ? 6e4 : 15e3;
    pause = -1; // from 0: how long to wait when it was no failure
    if (streams && (fails < 5 || began > streamAt)) {
      await listen('/events').catch(() => {});
      if (signal.aborted) return;
      if (state == 'live') {
        if (now() - began > 1e4) fails = 0;
        show('connecting');
      }
      if (pause < 0) {
        if (++fails < 5) wait = Math.max(retry, 250 * 2 ** fails * (1 + Math.random()));
        else streamAt = now() + 12e4;
      }
    }
    if (pause < 0) await inTurn(poll).then(() => show('polling'), () => show('offline'));
    if (!signal.aborted) await nap(Math.max(pause < 0 ? wait : pause, notBefore - now()));
  }
}

async function poll() {
  if (now() < notBefore) throw notBefore;
  await listen('/notifications/poll', true);
  alive = now();
}

async function listen(url, polled) {
  const control = new AbortController();
  let timer = limit(control, polled ? 3e4 : 1e4), rest = '';
  if (!polled) cut = () => control.abort();
  const parse = async text => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split('\n')) {
        const [, field, value] = /(\w*):? ?([^]*)/.exec(line);
        event[field] = field in event ? event[field] + '\n' + value : value;
      }
      retry = +event.retry || retry;
      if (event.event) await (polled ? take(event, true) : inTurn(() => take(event)));
    }
  };
  try {
    const headers = { Accept: 'text/event-stream' };
    const answer = await fetch(`${url}?after=${last}&user=${user}`, { headers, cache: 'no-store', signal: control.signal });
    const { ok, status } = answer;
    notBefore = now() + 1e3 * Math.min(+answer.headers.get('Retry-After') || 0, 3600); // of a date, whose clock is right?
    if (status == 401 || status == 403) throw halt('expired');
    if (polled && status == 204) return;
    if (status == 204 || ok && !/event-stream/.test(answer.headers.get('Content-Type'))) throw halt('replaced');
    if (!ok) throw status;
    if (polled) return await parse(await answer.text());
    const reader = answer.body.getReader(), decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = limit(control, 6e4);
      alive = now();
      await parse(decoder.decode(value, { stream: true }));
      show(state); // a heartbeat: a hidden tab's timers are throttled
    }
  } finally {
    clearTimeout(timer);
    control.abort();
  }
}

async function take(event, polled) {
  const { event: name, id, data } = event;
  if (name == 'hello') return show('live');
  if (name == 'bye') {
    if (data != 'restarting') return halt(data);
    pause = retry;
    return cut();
  }
  if (name == 'reset') await refresh(data);
  else {
    if (id > last + 1 && !polled) await poll(); // a hole
    if (id <= last) return;
    last = +id || last;
    apply(data, id, name);
  }
  if (leading) tell({ event });
}

function halt(why, told) {
  if (!told) tell({ why });
  pause = 1e9;
  cut();
  if (leading) setTimeout(stop, 500); // the others hear of it before the lock is free
  else stop();
  show('offline');
  const next = why == 'expired' ? '?next=' + encodeURIComponent(location.pathname + location.search) : '';
  if (why != 'replaced') location.replace('/sign-in' + next);
}

// Too much to replay: the page is fetched anew, with its cursor.
async function refresh(missed, anyway) {
  const control = new AbortController();
  limit(control, 3e4);
  const headers = { 'X-Live': 1 };
  const answer = await fetch(location.href, { headers, cache: 'no-cache', signal: control.signal });
  const { body } = new DOMParser().parseFromString(await answer.text(), 'text/html');
  // It failed, or it is a proxy's, or of somebody who has signed in since.
  if (answer.status > 499 || body.dataset.user != user) throw body;
  last = +body.dataset.cursor;
  renew(body, missed, !anyway && (() => inTurn(() => refresh(0, true))));
}

function hear({ data: { event, why, slept, news } }) {
  if (why) halt(why, true);
  else if (event) inTurn(() => event.event == 'reset' ? poll() : take(event));
  else if (leading) {
    show(state);
    if (slept != null) wake(slept);
  } else if (news) {
    heard = now();
    ({ alive, fails } = news);
    show(news.state);
    inTurn(() => news.last != last && poll()); // less than ours: a reset that we have not had
    // A hidden tab polls slowly; with no stream to lose, the one that is looked at leads.
    if (news.away && fails > 4 && !document.hidden) start(stop() || true);
  }
}

function start(steal) {
  life = new AbortController();
  const { signal } = life, name = 'live ' + user;
  streamAt = 0;
  ticked = now();
  show('connecting');
  if (!shared) return lead(signal);
  channel = new BroadcastChannel(name);
  channel.onmessage = hear;
  ask({});
  navigator.locks.request(name, steal ? { steal } : { signal }, () => lead(signal))
    .catch(() => signal.aborted || !leading || start(stop())); // stolen: this tab seemed frozen
}

function stop() {
  life.abort();
  leading = 0;
  cut();
  wakeUp();
  channel = channel && channel.close();
}

// The leader answers at once, or it is replaced soon.
function ask(question) {
  heard = now() - 3e4;
  tell(question);
}

// `why`: the link changed (an event), or the machine slept (true); otherwise somebody looks at this tab.
function wake(why) {
  ask({ slept: why === true });
  if (now() < notBefore) return;
  streamAt = 0;
  wakeUp();
  if (why || state == 'live' && now() - alive > 3e4) {
    pause = 0;
    cut();
  }
}

if (cursor) {
  start();
  setInterval(() => {
    const slept = Math.abs(now() - ticked) > 2e4;
    if (now() < ticked) notBefore = 0; // the clock was put right
    ticked = now();
    if (leading) show(state);
    if (document.hidden) return;
    if (slept) wake(true);
    else if (channel && !leading && now() - heard > 4e4) start(stop() || true);
  }, 5e3);
  addEventListener('visibilitychange', () => {
    ticked = now(); // a hidden tab's timers sleep, too
    if (!document.hidden) wake();
  });
  addEventListener('online', wake);
  addEventListener('offline', wake);
  addEventListener('pagehide', stop);
  addEventListener('pageshow', event => event.persisted && start());
}
