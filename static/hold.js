// A form that got no answer waits in the page, says so, and is sent again. It comes with every page that may have a form
// to fill in, elsewhere when a first form is sent; the browser keeps it, so that it is there when there is no link.
const { cancel, unsent } = document.getElementById('toasts').dataset;

// Returns whether it is to be sent again: after `wait`, when the link is back, or when somebody presses (`job.again`).
export async function hold(form, wait, job) {
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
  let line = form.querySelector('.unsent');
  if (line && line.firstElementChild) return line;
  if (line) line.remove();
  line = Object.assign(document.createElement('p'), { className: 'err unsent' });
  line.setAttribute('role', 'alert');
  line.append(unsent, ' ', Object.assign(document.createElement('button'), { type: 'button', textContent: cancel }));
  form.append(line);
  return line;
}
