// Brings each event to the page once, in order, and says how live the page is; page.js puts it there.
// Of a browser's tabs one leads: it streams, or polls where no stream comes through, and tells the others. Each tab has
// its own cursor, and asks by itself for what it lacks.
import { abortAfter, applyEvent, byId, cursor, fresh, here, now, SECOND, user } from './page.js';

const STREAM_TRIES = 5; // that may fail one after the other, before it polls
const WORDS = { live: _('En direct'), polling: _('Au ralenti'), connecting: _('Connexion…'), offline: _('Hors ligne depuis') };
const ENDS = { 204: 'replaced', 401: 'expired', 403: 'expired', 409: 'changed', 423: 'locked' };
// Where none can lead every tab would stream, and a browser opens six connections to one server.
const canShare = (navigator.locks || self.SharedWorker) && self.BroadcastChannel;
const locks = navigator.locks || { // plain http has none
  request: (name, { steal }, run) => new Promise((done, fail) => {
    const { port } = new SharedWorker('./turns.js', name);
    port.onmessage = ({ data }) => data ? run() : fail();
    port.postMessage(steal ? 'steal' : 'ask');
    presence.signal.addEventListener('abort', () => port.postMessage('done'));
  })
};

let lastSeq = +cursor; // of the newest event on this page
let state; // live, polling, connecting or offline
let staleAt = now() + fresh * SECOND; // it shows times of today without their day, and the day is over
let loud; // read aloud: that there is no link, and what follows until there is; not that a page opens, or a proxy cuts
let serverHeardAt = now(), leaderHeardAt, tickedAt = now(); // signs of life; the last is of this tab

let presence; // an AbortController: from start to stop
let channel; // between the tabs of one person
let leading;
let failures = 0; // of streams, one after the other
let streamAgainAt = 0;
let reconnectTime = 0; // as the server asks for it
let notBefore = 0; // its Retry-After
let pause; // before the next try, when this one was no failure
let cutStream = () => {}, wakeUp = () => {};
let lastJob = Promise.resolve();

const tell = message => channel && channel.postMessage(message);
const nap = ms => new Promise(done => setTimeout(wakeUp = done, ms));

// One after the other, whatever brings them.
function inTurn(job) {
  const done = lastJob.then(job);
  lastJob = done.catch(() => {});
  return done;
}

function show(next) {
  const line = byId('status');
  const since = next == 'offline' ? ' ' + new Date(serverHeardAt).toTimeString().slice(0, 5) : '';
  const text = WORDS[next] + since;
  loud = next == 'offline' || loud && state != 'live';
  if (self.htmx && line.textContent != text) { // where it has not come, parts of the page stay as they are
    line.setAttribute('aria-live', loud ? 'polite' : 'off');
    line.textContent = text;
  }
  line.dataset.state = state = next;
  if (leading) tell({ news: { state, serverHeardAt, lastSeq, failures, hidden: document.hidden } });
}

// --- leading ---

async function lead(signal) {
  leading = !signal.aborted;
  show('connecting');
  while (!signal.aborted) {
    let wait = (document.hidden ? 60 : 15) * SECOND;
    pause = null;
    if (canShare && (failures < STREAM_TRIES || now() > streamAgainAt)) {
      const began = now();
      await listen('/events').catch(() => {});
      if (signal.aborted) return;
      if (state == 'live') {
        if (now() - began > 10 * SECOND) failures = 0;
        show('connecting');
      }
      if (pause === null && ++failures < STREAM_TRIES) {
        wait = Math.max(reconnectTime, 250 * 2 ** failures * (1 + Math.random()));
      } else if (pause === null) {
        streamAgainAt = now() + 120 * SECOND;
      }
    }
    if (pause === null) await inTurn(poll).then(() => show('polling'), () => show('offline'));
    if (!signal.aborted) await nap(Math.max(pause === null ? wait : pause, notBefore - now()));
  }
}

async function poll() {
  if (now() < notBefore) throw new Error('not yet');
  await listen('/notifications/poll', true);
  serverHeardAt = now();
}

// Takes each event of one answer, which for a stream goes on for ever. Whatever ends it, but a poll's success, rejects
// or returns: who called tries again.
async function listen(url, polling) {
  const control = new AbortController();
  let timer = abortAfter((polling ? 30 : 10) * SECOND, control);
  if (!polling) cutStream = () => control.abort();
  const parse = parser(event => polling ? take(event, true) : inTurn(() => take(event)));
  try {
    const headers = { Accept: 'text/event-stream' };
    const answer = await fetch(`${url}?after=${lastSeq}&user=${user}`, { headers, cache: 'no-store', signal: control.signal });
    // Of a date, whose clock is right? It counts as nothing.
    notBefore = now() + SECOND * Math.min(+answer.headers.get('Retry-After') || 0, 3600);
    if (polling && answer.status == 204) return;
    check(answer);
    if (polling) return await parse(await answer.text());
    const reader = answer.body.getReader(), decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = abortAfter(60 * SECOND, control);
      serverHeardAt = now();
      await parse(decoder.decode(value, { stream: true }));
      show(state); // a heartbeat for the others: timers of hidden tabs are throttled
    }
  } finally {
    clearTimeout(timer);
    control.abort();
  }
}

// Throws when the answer has no events; when there will never be any, this page has come to its end.
function check({ status, ok, headers }) {
  const isStream = /event-stream/.test(headers.get('Content-Type'));
  const why = ENDS[status] || ok && !isStream && ENDS[204];
  if (why) halt(why);
  else if (ok) return;
  throw new Error(status);
}

// Makes events of text/event-stream as it comes, whose lines our server ends with LF (WHATWG HTML, 9.2).
function parser(onEvent) {
  let rest = '';
  return async text => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split('\n')) {
        const [, field, value] = /(\w*):? ?([^]*)/.exec(line);
        event[field] = field in event ? event[field] + '\n' + value : value;
      }
      reconnectTime = +event.retry || reconnectTime;
      if (event.event) await onEvent(event);
    }
  };
}

// --- what came ---

async function take(event, polled) {
  const { event: name, id, data } = event;
  if (name == 'hello') return show('live');
  if (name == 'bye') {
    if (data != 'restarting' && data != 'renewed') return halt(data);
    pause = reconnectTime + (data == 'renewed' && 3 * SECOND); // the cookie of the new session is on its way
    return cutStream();
  }
  if (name == 'reset') await refresh(data);
  else {
    if (id > lastSeq + 1 && !polled) await poll(); // it lacks what came before
    if (id <= lastSeq) return;
    lastSeq = +id || lastSeq;
    applyEvent(data, id, name);
  }
  if (leading) tell({ event });
}

// Too much to replay: the page is fetched anew, with its cursor. `anyway`: over what is being typed, too.
async function refresh(missed, anyway) {
  const { fetchPage, renew } = await import('./reset.js');
  const body = await fetchPage();
  lastSeq = +body.dataset.cursor;
  staleAt = now() + body.dataset.fresh * SECOND;
  renew(body, missed, anyway ? null : asked => inTurn(() => refresh(0, asked)));
}

// There is nothing more for this page: its session is over, or this browser may have no more streams (`replaced`).
function halt(why, told) {
  if (!told) tell({ why });
  pause = 1e9; // for ever; setTimeout takes no more than 24 days
  cutStream();
  if (leading) setTimeout(stop, 500); // the others hear of it before the lock is free
  else stop();
  show('offline');
  const next = why == 'expired' ? '?next=' + encodeURIComponent(here) : '';
  if (why == 'locked') dispatchEvent(new Event('locked'));
  else if (why == 'changed') byId('other').hidden = false; // what is being typed stays, to be read
  else if (why != 'replaced') location.replace(why == 'withdrawn' ? '/people' : '/sign-in' + next);
}

// --- between the tabs ---

function hear({ data: { event, why, slept, news } }) {
  if (why) halt(why, true);
  else if (event) inTurn(() => event.event == 'reset' ? poll() : take(event));
  else if (leading) {
    show(state);
    if (slept != null) wake(slept);
  } else if (news) follow(news);
}

function follow(news) {
  leaderHeardAt = now();
  ({ serverHeardAt, failures } = news);
  show(news.state);
  inTurn(() => news.lastSeq != lastSeq && poll()); // less than ours: a reset that we have not had
  // A hidden tab polls slowly; with no stream to lose, the one that is looked at leads.
  if (news.hidden && failures >= STREAM_TRIES && !document.hidden) takeOver();
}

function start(steal) {
  presence = new AbortController();
  const { signal } = presence;
  const name = 'fadjma ' + user;
  streamAgainAt = 0;
  tickedAt = now();
  show('connecting');
  if (!canShare) return lead(signal);
  channel = new BroadcastChannel(name);
  channel.onmessage = hear;
  ask({});
  locks.request(name, steal ? { steal } : { signal }, () => lead(signal)).catch(() => {
    if (signal.aborted || !leading) return;
    stop(); // the lead was stolen: this tab seemed frozen
    start();
  });
}

function stop() {
  presence.abort();
  leading = false;
  cutStream();
  wakeUp();
  channel = channel && channel.close();
}

function takeOver() {
  stop();
  start(true);
}

// The leader answers at once, or it is replaced in ten seconds.
function ask(question) {
  leaderHeardAt = now() - 30 * SECOND;
  tell(question);
}

// Somebody looks at this tab; or (`broken`) its stream cannot be trusted, because the machine slept or the link changed.
function wake(slept, broken = slept) {
  ask({ slept });
  if (now() < notBefore) return;
  streamAgainAt = 0;
  wakeUp();
  if (broken || state == 'live' && now() - serverHeardAt > 30 * SECOND) {
    pause = 0;
    cutStream();
  }
}

function tick() {
  const slept = Math.abs(now() - tickedAt) > 20 * SECOND;
  if (now() < tickedAt) notBefore = 0; // the clock was put right
  tickedAt = now();
  if (leading) show(state);
  if (document.hidden) return;
  if (now() > staleAt && state != 'offline') {
    staleAt = now() + 60 * SECOND; // if it fails
    inTurn(refresh);
  }
  if (slept) wake(true);
  else if (channel && !leading && now() - leaderHeardAt > 40 * SECOND) takeOver();
}

if (cursor) {
  start();
  setInterval(tick, 5 * SECOND);
  addEventListener('visibilitychange', () => {
    tickedAt = now(); // timers of hidden tabs sleep, too
    if (!document.hidden) wake(false);
  });
  for (const kind of ['online', 'offline']) addEventListener(kind, () => wake(false, true));
  addEventListener('pagehide', stop);
  addEventListener('pageshow', event => event.persisted && start());
}
