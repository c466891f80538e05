// How long something has waited, beside since when: `data-since` has that in minutes since 1970, and the sheet shows
// `data-age`. Without a script the row is right, too: it has the time itself.
const MINUTE = 6e4; // milliseconds

function tellAges() {
  for (const { dataset } of document.querySelectorAll('[data-since]')) {
    const minutes = Math.max(0, Math.floor(Date.now() / MINUTE - dataset.since));
    const hours = Math.floor(minutes / 60);
    dataset.age = hours ? hours < 48 ? `${hours} h ${String(minutes % 60).padStart(2, 0)}` : days(hours) : `${minutes} min`;
  }
}

const days = hours => new Intl.NumberFormat(document.documentElement.lang, {
  style: 'unit', unit: 'day', unitDisplay: 'long'
}).format(Math.floor(hours / 24));

tellAges();
setInterval(tellAges, MINUTE / 2);
addEventListener('placed', tellAges); // page.js
addEventListener('htmx:load', tellAges);

export {}; // its names are its own
