// classify(keypoints) -> {label, confidence}: keypoints as PoseNet has them, a list of
// {part: 'leftWrist', score: 0.9, position: {x: 251, y: 163}}. The same numbers as in
// posesuite/activities/features.py and neighbours.py, of which each name stands there.
function classify(keypoints) { return classifyFeatures(features(keypoints)); }

function classifyFeatures({values, known}) {
  const near = POSES.labels.map(() => []);
  for (const sample of POSES.samples)
    for (const view of POSES.views)
      near[sample.label].push(distance(values, known, sample.values, view));
  const nearest = near.map(all => {
    const best = all.sort((a, b) => a - b).slice(0, 3);
    return best.length ? best.reduce((sum, d) => sum + d, 0) / best.length : 9;
  });
  const scores = nearest.map((d, i) => Math.exp(-2 * (d / POSES.labels[i].limit) ** 2));
  const network = POSES.layers ? probabilities(values) : scores.map(() => 1);
  let best = -1;
  scores.forEach((score, i) => {
    if (nearest[i] <= POSES.labels[i].limit && (best < 0 || score * network[i] > scores[best] * network[best])) best = i;
  });
  const outside = Math.exp(-2), all = scores.reduce((sum, score) => sum + score, outside);
  const name = best < 0 ? POSES.none : POSES.labels[best].name;
  return {label: POSES.negative.includes(name) ? POSES.none : name,
    confidence: (best < 0 ? outside : scores[best]) / all};
}

function features(keypoints) {
  const place = {};
  for (const {part, score, position} of keypoints)
    if (score >= POSES.minScore) place[part] = position;
  const named = name => name.toLowerCase().replace(/_(.)/, (_, letter) => letter.toUpperCase());
  const at = name => {
    if (!(name in POSES.roots)) return place[named(name)];
    const some = POSES.roots[name].map(id => place[POSES.parts[id]]).filter(Boolean);
    return some.length ? {x: some.reduce((s, p) => s + p.x, 0) / some.length,
      y: some.reduce((s, p) => s + p.y, 0) / some.length} : undefined;
  };
  const length = (a, b) => a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  const {leftShoulder, rightShoulder, nose} = place;
  const torso = Math.max(length(at('shoulders'), at('hips')), length(leftShoulder, rightShoulder) / 0.8,
    ...['left', 'right'].flatMap(side => [length(place[side + 'Hip'], place[side + 'Knee']) / 0.85,
      length(place[side + 'Knee'], place[side + 'Ankle']) / 0.85]));
  const scale = torso > 1 && at('shoulders') ? torso : NaN;
  const found = POSES.pairs.flatMap(([part, origin]) => {
    const a = at(part), b = at(origin);
    return a && b ? [(a.x - b.x) / scale, (a.y - b.y) / scale] : [NaN, NaN];
  });
  const unit = value => Math.min(Math.max(value, -1), 1), ears = at('ears');
  found.push(leftShoulder && rightShoulder ? unit((leftShoulder.x - rightShoulder.x) / (0.8 * scale)) : NaN,
    nose && ears ? unit((nose.x - ears.x) / (0.25 * scale)) : NaN);
  const known = found.map(Number.isFinite);
  return {known, values: found.map((value, i) => known[i] ? Math.min(Math.max(value, -4), 4) : 0)};
}

function distance(values, known, sample, view) {
  const weights = POSES.features.weights, totals = Array(6).fill(0), shared = Array(6).fill(0), all = Array(6).fill(0);
  let needed = 0;
  values.forEach((value, i) => {
    const limb = POSES.limbs[i], weight = weights[i];
    all[limb] += weight;
    if (sample[i] === null) return;
    needed += weight;
    if (!known[i]) return;
    shared[limb] += weight;
    const factor = i < values.length - 2 ? view[i % 2] : 1;
    totals[limb] += weight * (value - sample[i] * factor) ** 2;
  });
  const sum = list => list.reduce((total, value) => total + value, 0), both = sum(shared);
  if (both < 0.5 * needed || both < 0.3 * sum(all)) return 9;
  const worst = Math.max(0, ...totals.slice(0, 5).map((total, limb) => shared[limb] > 0.3 * all[limb] ? total / shared[limb] : 0));
  return Math.sqrt(0.75 * sum(totals) / both + 0.25 * worst + 0.03 * Math.max(0, 1 - both / needed));
}

function probabilities(values) {
  let row = values;
  POSES.layers.forEach(({weights, bias}, layer) => {
    row = bias.map((start, unit) => row.reduce((sum, value, i) => sum + value * weights[i][unit], start));
    if (layer + 1 < POSES.layers.length) row = row.map(value => Math.max(value, 0));
  });
  const top = Math.max(...row), powers = row.map(value => Math.exp(value - top));
  return powers.map(power => power / powers.reduce((sum, value) => sum + value, 0));
}
