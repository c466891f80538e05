// A paper goes page by page: which they are, and in which order. parts.js, which comes once one is chosen, sends them. Without
// this the form sends one page, in one piece. page.js asks for it where that form is.
import { byId, create, SECOND, sleep } from './page.js';

export const BROKEN = _("Pas de réponse du serveur : l'envoi reprendra là où il en était.");

export const form = byId('paper'), file = byId('file'), camera = byId('camera');
export const button = form.querySelector('.do button');
export const listed = create('ol', { id: 'pages' });
export const chosen = []; // the pages that are still to be sent, in their order
// `number`: how many of the paper are in the file; `target`: where the next page goes, once the first one is there to that paper.
export const paper = { number: +form.dataset.there || 0, target: form.action };

file.multiple = true;
camera.hidden = !matchMedia('(pointer: coarse)').matches;
camera.onclick = () => {
  file.setAttribute('capture', 'environment');
  file.click();
  file.removeAttribute('capture');
};
file.after(listed);
file.onchange = () => {
  chosen.push(...file.files);
  file.value = '';
  list();
  import('./parts.js').catch(() => {}); // it will be asked for again
};
if (file.files.length) file.onchange(); // chosen while this was on its way

// Which they are, in the order in which they will be sent; one that was chosen by mistake goes by its button.
export function list() {
  file.required = !chosen.length;
  listed.start = paper.number + 1;
  listed.textContent = '';
  listed.append(...chosen.map(page => {
    const line = create('li', { textContent: page.name + ' ' }), out = create('button', { type: 'button', className: 'alt', textContent: _('Retirer') });
    out.setAttribute('aria-label', _('Retirer') + ' ' + page.name);
    out.onclick = () => {
      chosen.splice(chosen.indexOf(page), 1);
      list();
      file.focus();
    };
    line.append(out);
    return line;
  }));
  camera.textContent = chosen.length ? _('Photographier la page suivante') : _('Prendre une photo');
}

button.onclick = async event => {
  if (!chosen.length || !form.reportValidity()) return;
  event.preventDefault();
  for (const old of form.querySelectorAll('progress, [role=status], .unsent')) old.remove();
  const said = create('p', {});
  said.setAttribute('role', 'status');
  button.before(said);
  button.disabled = file.disabled = camera.disabled = true;
  for (const out of listed.querySelectorAll('button')) out.disabled = true;
  const { run } = await parts(said);
  run(said);
};

// Until it is there, also over a broken link.
const parts = said => import('./parts.js').catch(() => {
  said.textContent = BROKEN;
  return sleep(3 * SECOND).then(() => parts(said));
});
