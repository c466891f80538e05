// How long each row of a pharmacy's work has waited: `data-since` has since when, in minutes since 1970; the sheet shows
// `data-age` beside it. beside.js asks for this where there are lists.
export {}; // its names are its own

function tellAges() {
  for (const { dataset } of document.querySelectorAll('[data-since]')) {
    const minutes = Math.max(0, Date.now() / 6e4 - dataset.since | 0), hours = minutes / 60 | 0;
    dataset.age = hours > 47 ? (hours / 24 | 0) + '\u00a0' + _('jours') : hours ? `${hours} h ${String(minutes % 60).padStart(2, 0)}` : `${minutes} min`;
  }
}

tellAges();
setInterval(tellAges, 3e4);
addEventListener('placed', tellAges); // page.js
addEventListener('htmx:load', tellAges);
