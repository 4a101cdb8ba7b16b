// Draws people on a canvas, as overlay.py draws them on arrays: for the page of --serve, which has
// these functions in its own script, and for the pages of pose_web.py, which import them.

// pen: of the canvas. poses: each with its keypoints in the canvas's pixels, in the order of ids, its
// look (as overlay.py's look_of has it; null: nothing is drawn), color ([r, g, b]), id and labels.
// skeleton: bones (pairs of parts), radii of the parts in line widths, and the threshold of scores.
export function paintPeople(pen, poses, skeleton) {
  pen.lineCap = pen.lineJoin = 'round';
  for (const pose of poses) if (pose.look) paintPerson(pen, pose, skeleton);
  for (const pose of poses) if (pose.look) paintNumber(pen, pose);
}

function paintPerson(pen, {look, color, keypoints}, {bones, radii, threshold}) {
  const place = ({x, y}) => [x + .5, y + .5];
  const style = `rgb(${color})`;
  const shown = keypoints.map(keypoint => keypoint.score >= threshold && place(keypoint.position));
  const lines = new Path2D();
  const line = (a, b) => { if (a && b) { lines.moveTo(...a); lines.lineTo(...b); } };
  for (const [a, b] of bones) line(shown[a], shown[b]);
  if (look.neck) line(...look.neck.map(([x, y]) => place({x, y})));
  // A dark rim separates the lines from any background.
  for (const [width, stroke] of [[look.line + 2, '#000'], [look.line, style]]) {
    pen.lineWidth = width;
    pen.strokeStyle = stroke;
    pen.stroke(lines);
  }
  shown.forEach((point, part) => {
    if (!point) return;
    const radius = radii[part] * look.line;
    const inner = .7 * radius * Math.min(1, keypoints[part].score);
    for (const [r, fill] of [[radius + 1, '#000'], [radius, style], [inner, '#fff']]) {
      pen.fillStyle = fill;
      pen.beginPath();
      pen.arc(...point, r, 0, 2 * Math.PI);
      pen.fill();
    }
  });
}

function paintNumber(pen, {look, color, id, labels}) {
  pen.font = `${look.letter / .72}px system-ui, sans-serif`;  // digits are .72 of the font's size
  pen.lineWidth = Math.max(2, look.letter / 5);
  pen.strokeStyle = '#000';
  pen.strokeText(id, ...look.number);
  pen.fillStyle = `rgb(${color})`;
  pen.fillText(id, ...look.number);
  paintLabels(pen, look, labels || []);
}

// What a person does, below the number, as write_labels in overlay.py has it.
function paintLabels(pen, {letter, number}, labels) {
  const {width, height} = pen.canvas;
  const step = 1.2 * letter, top = Math.min(number[1], height - 2 - step * labels.length);
  pen.font = `${.8 * letter / .72}px system-ui, sans-serif`;
  pen.fillStyle = '#fff';
  labels.forEach((label, i) => {
    pen.strokeText(label, number[0], top + step * (i + 1), width - number[0]);
    pen.fillText(label, number[0], top + step * (i + 1), width - number[0]);
  });
}
