// A paper is chosen, or photographed; what sends it in parts comes meanwhile (parts.js). Without that the form sends it in one
// piece. lock.js asks for this where that form is.
import { byId } from './page.js';

const form = byId('paper'), file = byId('file'), camera = byId('camera');
const button = form.querySelector('.do button');
let inParts;

camera.hidden = !matchMedia('(pointer: coarse)').matches;
camera.onclick = () => {
  file.setAttribute('capture', 'environment');
  file.click();
  file.removeAttribute('capture');
};

file.onchange = () => import('./parts.js').then(({ run }) => { inParts = run; }, () => {}); // no link: in one piece

button.onclick = event => {
  if (!inParts || !file.files[0] || !form.reportValidity()) return;
  event.preventDefault();
  inParts(file.files[0], button);
};
