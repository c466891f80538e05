// A SharedWorker that stands in for navigator.locks, which plain http has not (live.js): of the pages of one person that
// ask, one at a time has the turn.
const queue = []; // ports; the first has the turn

function leave(port) {
  const place = queue.indexOf(port);
  if (place < 0) return;
  queue.splice(place, 1);
  if (!place && queue.length) queue[0].postMessage(true);
}

function ask(port, steal) {
  if (steal && queue.length) queue.shift().postMessage(false);
  queue[steal ? 'unshift' : 'push'](port);
  if (queue[0] == port) port.postMessage(true);
}

onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => data == 'done' ? leave(port) : ask(port, data == 'steal');
  port.onclose = () => leave(port); // newer browsers say when a page has crashed; of others the silence is noticed (live.js)
};
