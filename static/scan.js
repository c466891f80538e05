// A code on a card or a paper, read by the device's camera into the field of a search (BarcodeDetector: Chrome on Android and
// macOS, on https). send.js fetches this when the button is pressed; where the browser cannot, it stays hidden, and the code is typed.
import { create } from './page.js';

const EVERY = 200; // milliseconds between two looks at the picture

export async function scan({ form, dataset: { close, look, refused } }) {
  const said = create('p', { textContent: look });
  const video = create('video', { autoplay: true, muted: true, playsInline: true });
  const dialog = create('dialog', { className: 'scan' });
  dialog.append(said, video, create('button', { type: 'button', textContent: close, onclick: () => dialog.close() }));
  document.body.append(dialog);
  dialog.showModal();
  const over = new Promise(done => { dialog.onclose = done; });
  let picture;
  try {
    picture = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    video.srcObject = picture;
    const code = await Promise.race([read(video, dialog), over.then(() => '')]);
    if (code) send(form, code);
    dialog.close();
  } catch {
    said.textContent = refused; // no camera, or it may not be used
  }
  await over;
  if (picture) for (const track of picture.getTracks()) track.stop();
  dialog.remove();
}

// The first code that the camera sees, while the dialog is open.
async function read(video, dialog) {
  const detector = new self.BarcodeDetector({ formats: ['qr_code'] });
  while (dialog.open) {
    const [found] = video.readyState > 1 ? await detector.detect(video) : [];
    if (found) return found.rawValue;
    await new Promise(done => setTimeout(done, EVERY));
  }
}

// Into a search, which looks at once; or into the field of a card, after which its PIN is typed.
function send(form, code) {
  const { card, pin } = form;
  (card || form.querySelector('[type=search]')).value = code.trim();
  if (card) pin.focus();
  else form.requestSubmit();
}
