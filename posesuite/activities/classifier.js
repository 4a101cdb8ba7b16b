// classify(keypoints) -> {label, confidence}: keypoints as PoseNet has them, a list of
// {part: 'leftWrist', score: 0.9, position: {x: 251, y: 163}}. The same numbers as in
// posesuite/activities/features.py and neighbours.py, of which each name stands there.
function classify(keypoints) { return classifyFeatures(features(keypoints)); }

function classifyFeatures({values, known}) {
  const near = POSES.labels.map(() => []);
  for (const sample of POSES.samples) near[sample.label].push(distance(values, known, sample.values));
  const nearest = near.map(all => {
    const best = all.sort((a, b) => a - b).slice(0, 3);
    return best.length ? best.reduce((sum, d) => sum + d, 0) / best.length : 9;
  });
  const scores = nearest.map((d, i) => Math.exp(-2 * (d / POSES.labels[i].limit) ** 2));
  const network = POSES.layers ? probabilities(values.map((value, i) => value * known[i])) : scores.map(() => 1);
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
  for (const {part, score, position: {x, y}} of keypoints)
    place[part] = {x, y, sure: Math.min(Math.max((score - POSES.unsure) / (POSES.sure - POSES.unsure), 0), 1)};
  const named = name => name.toLowerCase().replace(/_(.)/, (_, letter) => letter.toUpperCase());
  const at = name => {
    const some = (name in POSES.roots ? POSES.roots[name].map(id => POSES.parts[id]) : [named(name)])
      .map(part => place[part]).filter(Boolean);
    const sum = of => some.reduce((total, p) => total + p.sure * of(p), 0), all = Math.max(sum(() => 1), 1e-9);
    return {x: sum(p => p.x) / all, y: sum(p => p.y) / all, sure: Math.max(0, ...some.map(p => p.sure))};
  };
  const both = (a, b) => Math.min(a.sure, b.sure);
  const length = (one, other) => {
    const a = at(one), b = at(other);
    return both(a, b) >= POSES.measures ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  };
  const torso = Math.max(length('shoulders', 'hips'), length('left_shoulder', 'right_shoulder') / 0.8,
    ...['left', 'right'].flatMap(side => [length(side + '_hip', side + '_knee') / 0.85,
      length(side + '_knee', side + '_ankle') / 0.85]));
  const measured = torso > 1 && at('shoulders').sure > 0 ? 1 : 0, scale = measured ? torso : 1;
  const found = [], known = [];
  const add = (value, sure, most) => {
    known.push(measured * sure);
    found.push(measured * sure > 0 ? Math.min(Math.max(value / scale, -most), most) : 0);
  };
  for (const [part, origin] of POSES.pairs) {
    const a = at(part), b = at(origin);
    add(a.x - b.x, both(a, b), 4);
    add(a.y - b.y, both(a, b), 4);
  }
  for (const [one, other, wide] of [['left_shoulder', 'right_shoulder', 0.8], ['nose', 'ears', 0.25]]) {
    const a = at(one), b = at(other);
    add((a.x - b.x) / wide, both(a, b), 1);
  }
  return {known, values: found};
}

function distance(values, known, sample) {
  const weights = POSES.features.weights, totals = Array(6).fill(0), shared = Array(6).fill(0), all = Array(6).fill(0);
  let needed = 0;
  values.forEach((value, i) => {
    const limb = POSES.limbs[i], weight = weights[i];
    all[limb] += weight;
    if (sample[i] === null) return;
    needed += weight;
    shared[limb] += weight * known[i];
    totals[limb] += weight * known[i] * (value - sample[i]) ** 2;
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
