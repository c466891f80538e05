// What htmx asks for: it is never put over what somebody is typing. What is sent, send.js sends.
import { byId, holdBack, isBusy, rememberPlace } from './page.js';

const followsEvent = ({ triggeringEvent: cause }) => cause && 'seq' in Object(cause.detail);
const fetchAgain = (path, source, event) => htmx.ajax('GET', path, { source, event });

if (self.htmx) Object.assign(htmx.config, {
  includeIndicatorStyles: false, // the content policy forbids them
  allowEval: false,
  historyCacheSize: 0, // nothing of anybody stays in the browser
  defaultSettleDelay: 0
});

let restore; // once htmx has put its answer there

addEventListener('htmx:configRequest', ({ detail }) => {
  if (followsEvent(detail)) detail.headers['X-Live'] = 1; // nobody did anything: it keeps no session alive
});

addEventListener('htmx:beforeSwap', ({ detail }) => {
  const { target, requestConfig } = detail;
  const { elt, path } = requestConfig;
  const { id } = elt;
  restore = null;
  if (detail.xhr.status < 500) detail.shouldSwap = detail.xhr.status != 204; // what is wrong with a question is its answer
  if (followsEvent(requestConfig) && isBusy(target)) {
    detail.shouldSwap = false;
    // Brought by itself, it still follows the event: by the time it comes, somebody may be typing.
    const cause = requestConfig.triggeringEvent;
    if (!(cause.detail.seq <= target.dataset.seq)) holdBack(target, asked => fetchAgain(path, elt.isConnected ? elt : byId(id), asked ? undefined : cause));
  } else if (detail.shouldSwap) {
    restore = rememberPlace(target);
  }
});

addEventListener('htmx:afterSwap', () => {
  if (restore) restore();
});

addEventListener('htmx:afterRequest', ({ detail }) => {
  const { elt, path, triggeringEvent } = detail.requestConfig;
  const failed = !detail.xhr.status || detail.xhr.status > 499;
  if (failed && followsEvent(detail.requestConfig)) { // what it shows is old, and nothing else will tell
    setTimeout(() => elt.isConnected && fetchAgain(path, elt, triggeringEvent), 5e3 * (1 + Math.random()));
  }
});
