// Where browsers allow it, which is over https alone, a page is kept for when there is no link at all.
const { serviceWorker } = navigator;

if (serviceWorker) serviceWorker.register('/worker.js', { updateViaCache: 'all' }).catch(() => {});

export {}; // its names are its own
