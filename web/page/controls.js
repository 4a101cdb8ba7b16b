// The page's controls: what they say, and what is said to the visitor.

export const element = id => document.getElementById(id);

// What the controls say now.
export function settings() {
  const number = id => Number(element(id).value), on = id => element(id).checked;
  return {
    view: document.querySelector('[name=view]:checked').value,
    bare: on('bare'), heat: element('heat').value,
    mirrored: on('mirrored'), single: on('single'), smooth: on('smooth'),
    poseScore: number('pose-score'), partScore: number('part-score'),
    most: number('most'), radius: number('radius'),
    scale: element('scale').value, key: number('key'), octaves: number('octaves'),
    loudness: number('loudness') / 100,
    countdown: number('countdown'), length: number('length'),
  };
}

// Shows the value of each slider beside it, and calls changed whenever any setting is another one.
export function watchControls(changed) {
  for (const slider of document.querySelectorAll('input[type=range]')) {
    const output = slider.parentElement.querySelector('output');
    const show = () => { write(output, `${slider.value} ${slider.dataset.unit || ''}`.trim()); };
    slider.addEventListener('input', show);
    show();
  }
  const panel = element('panel');
  panel.addEventListener('submit', event => event.preventDefault());
  panel.addEventListener('input', event => {
    if (event.target.name === 'view') showView();
    changed(event.target);
  });
  showView();
}

function showView() {
  for (const part of document.querySelectorAll('[data-view]'))
    part.hidden = part.dataset.view !== settings().view;
}

// Says what is wrong, in the page's alert; an empty text takes it back.
export function complain(text) {
  write(element('error'), text.slice(0, 1).toUpperCase() + text.slice(1));
}

// Text of an element that screen readers may follow: written only if it is another one.
export function write(target, text) { if (target.textContent !== text) target.textContent = text; }

// Marks a button whose work goes on, and says what it does now.
export function press(button, active, text) {
  button.dataset.active = active;
  write(button, text);
}

// Does what an event of the visitor asks for; what fails is said in the alert.
export function on(id, event, act) {
  element(id).addEventListener(event, async happened => {
    try {
      await act(happened);
    } catch (error) {
      complain(error.message);
    }
  });
}

export function fill(select, options) {
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
}
