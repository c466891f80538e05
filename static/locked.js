// The lock itself: unlocked in another tab, or by whoever has signed in since, it gives way to the page.
const here = location.pathname + location.search;

addEventListener('visibilitychange', async () => {
  if (document.hidden) return;
  const { status } = await fetch(here, { headers: { 'X-Live': 1 } }).catch(() => 0);
  if (status == 200) location.replace(here);
});

export {}; // its names are its own
