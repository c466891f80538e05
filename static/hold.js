// A form that got no answer waits in the page, says so, and is sent again. It comes with every page that may have a form
// to fill in, elsewhere when a first form is sent; the browser keeps it, so that it is there when there is no link.
import { byId, lineWithButton } from './page.js';

const { cancel, unsent } = byId('toasts').dataset;

// Returns whether it is to be sent again: after `wait`, when the link is back, or when somebody presses (`job.again`).
// Nothing where a secret is in it: whoever typed it may have gone, and it goes only when somebody presses.
export async function hold(form, wait, job) {
  if (form.querySelector('[type=password], [autocomplete=one-time-code]')) return;
  const fields = [...form.elements].filter(({ disabled, type }) => !disabled && !/submit|button/.test(type));
  const focused = document.activeElement;
  for (const field of fields) field.disabled = true; // what was sent is what is seen
  const button = lineIn(form).lastChild;
  const goesOn = await new Promise(decide => {
    job.again = () => decide(true);
    setTimeout(job.again, wait);
    addEventListener('online', job.again, { once: true });
    button.onclick = () => decide(false);
  });
  for (const field of fields) field.disabled = false;
  if (form.contains(focused)) focused.focus();
  return goesOn;
}

// The same for every try: it is read aloud once.
function lineIn(form) {
  const line = form.querySelector('.unsent') || form.appendChild(lineWithButton('err unsent', unsent, cancel));
  line.setAttribute('role', 'alert');
  return line;
}
