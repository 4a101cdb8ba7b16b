"""What people do at home and at sport, as keys of athletes.motion: random, never twice alike."""
from typing import Callable, Dict, List, Tuple

from athletes import (
    ALL_FOURS,
    BENT,
    CROUCHED,
    JACK,
    KNEELING,
    ON_BACK,
    ON_FRONT,
    ON_SIDE,
    PLANK,
    SITTING,
    SQUAT,
    STANDING,
    Key,
    Posture,
)

import numpy as np

Rng = np.random.Generator
Keys = List[Key]


def varied(posture: Posture, rng: Rng, degrees: float = 6.0) -> Posture:
    """The posture as somebody takes it."""
    return {name: angle + rng.normal(0, degrees if abs(angle) > 20 else degrees / 3)
            for name, angle in posture.items()}


def still(posture: Posture, seconds: float, rng: Rng, floor: float = 0.0) -> Keys:
    """Stays so, but not like a statue."""
    count = max(1, int(seconds / 1.5))
    return [Key(seconds / count, varied(posture, rng, 2.0), floor) for _ in range(count)]


def walk(rng: Rng, seconds: float, ahead: float = 0.0, aside: float = 0.0) -> Keys:
    """Walks so far, from where it stood: the feet's place is that of the last key, in all."""
    steps = max(1, int(seconds / .55))
    keys = []
    for step in range(steps):
        one, other = ('l', 'r') if step % 2 else ('r', 'l')
        swing = dict(STANDING, **{f'hip_{one}': 24., f'hip_{other}': -18., f'knee_{one}': 12.,
                                  f'knee_{other}': 22., f'arm_{one}': -16., f'arm_{other}': 22.})
        share = (step + 1) / steps
        keys.append(Key(seconds / steps, varied(swing, rng, 3), 0, ahead * share, aside * share))
    return keys


def fall(rng: Rng) -> Keys:
    """Stands or sits, falls to any side, straight or by the knees, and lies for four seconds."""
    end = varied([ON_BACK, ON_FRONT, ON_SIDE, dict(ON_SIDE, roll=-88.)][rng.integers(4)], rng)
    begin = STANDING if rng.random() < .85 else SITTING
    seconds = rng.uniform(.6, 1.1)
    keys = [Key(.1, varied(begin, rng))] + still(begin, rng.uniform(1, 3), rng)
    if rng.random() < .4:  # the knees give way first
        midway = {name: .45 * end.get(name, 0) + .55 * begin.get(name, 0)
                  for name in {*end, *begin}}
        midway.update(knee=rng.uniform(50, 100), hip=rng.uniform(30, 70))
        keys += [Key(seconds * .55, midway, way='falling'), Key(seconds * .45, end)]
    else:
        keys.append(Key(seconds, end, way='falling'))
    return keys + still(end, 4.0, rng)


def sit_down(rng: Rng) -> Keys:
    """Sits down, sometimes plumps, stays, sometimes leans back or forward, and stands up."""
    leaning = dict(SITTING, lean=SITTING['lean'] + rng.choice([-25., 0., 15., 30.]))
    seconds, floor = rng.uniform(.5, 1.6), rng.uniform(-.05, .0)
    midway = dict(SITTING, hip=70., knee=60., lean=rng.uniform(15, 45))
    return [Key(.1, varied(STANDING, rng)), *still(STANDING, rng.uniform(1, 2), rng),
            Key(seconds * .5, varied(midway, rng)), Key(seconds * .5, varied(SITTING, rng)),
            Key(rng.uniform(.5, 1), varied(leaning, rng)), *still(leaning, rng.uniform(2, 5), rng),
            Key(.7, varied(midway, rng)), Key(.6, varied(STANDING, rng), floor * 0)]


def bend(rng: Rng) -> Keys:
    """Bends down, straight or with bent knees, for a moment or longer, and rises."""
    low = varied([BENT, dict(BENT, lean=105., knee=30.), CROUCHED, dict(KNEELING, lean=35.),
                  dict(CROUCHED, lean=45.)][rng.integers(5)], rng)
    return [Key(.1, varied(STANDING, rng)), *still(STANDING, 1, rng),
            Key(rng.uniform(.6, 1.3), low), *still(low, rng.uniform(.3, 4), rng),
            Key(rng.uniform(.6, 1.3), varied(STANDING, rng)), *still(STANDING, 1, rng)]


def lie_down(rng: Rng) -> Keys:
    """Sits down on a bed, lies down, rests, sits up, gets up."""
    bed = .38
    on_bed = varied([ON_BACK, ON_SIDE][rng.integers(2)], rng)
    return [Key(.1, varied(STANDING, rng)), *still(STANDING, 1, rng),
            Key(rng.uniform(1, 1.6), varied(SITTING, rng)),
            *still(SITTING, rng.uniform(.6, 2), rng),
            Key(rng.uniform(1.6, 2.6), on_bed, bed), *still(on_bed, rng.uniform(3, 8), rng, bed),
            Key(rng.uniform(1.5, 2.2), varied(SITTING, rng)), *still(SITTING, 1, rng),
            Key(rng.uniform(1, 1.5), varied(STANDING, rng))]


def to_the_floor(rng: Rng) -> Keys:
    """Kneels down, goes on all fours, does something there, lies down or not, and gets up."""
    keys = [Key(.1, varied(STANDING, rng)), *still(STANDING, 1, rng),
            Key(rng.uniform(1, 1.6), varied(KNEELING, rng)), *still(KNEELING, .5, rng),
            Key(rng.uniform(.9, 1.5), varied(ALL_FOURS, rng)),
            *still(ALL_FOURS, rng.uniform(1, 4), rng)]
    last = [ON_FRONT, PLANK, ALL_FOURS][rng.integers(3)]
    return keys + [Key(rng.uniform(1, 1.6), varied(last, rng)), *still(last, 3, rng),
                   Key(1.2, varied(ALL_FOURS, rng)), Key(1.2, varied(KNEELING, rng)),
                   Key(1.2, varied(STANDING, rng))]


def wander(rng: Rng) -> Keys:
    """Walks to and fro, towards the camera and out of the picture, too."""
    return [Key(.1, STANDING), *walk(rng, rng.uniform(2, 5), rng.uniform(-3, 4),
                                     rng.uniform(-3, 3))]


def leave_below(rng: Rng) -> Keys:
    """Walks up to the camera and out of the picture at its lower rim; to be turned to it."""
    return [Key(.1, STANDING), *walk(rng, rng.uniform(2.2, 4), 4.2, rng.uniform(-.3, .3))]


def squats(rng: Rng, count: int) -> Keys:
    """So many squats, at a pace and a depth of one's own."""
    deep, down, up = rng.uniform(.75, 1.15), rng.uniform(.6, 1.4), rng.uniform(.5, 1.2)
    keys = [Key(.1, varied(STANDING, rng, 3)), *still(STANDING, 1, rng)]
    for _ in range(count):
        share = deep * rng.uniform(.94, 1.06)
        low = {name: STANDING.get(name, 0) * (1 - share) + angle * share
               for name, angle in SQUAT.items()}
        keys += [Key(down, varied(low, rng, 3)), Key(rng.uniform(.05, .4), varied(low, rng, 2)),
                 Key(up, varied(STANDING, rng, 3)), Key(rng.uniform(.1, .5), STANDING)]
    return keys + still(STANDING, .6, rng)


def jacks(rng: Rng, count: int) -> Keys:
    """So many jumping jacks."""
    half, wide, high = rng.uniform(.32, .6), rng.uniform(16, 28), rng.uniform(140, 172)
    out = dict(JACK, apart=wide, wing=high)
    keys = [Key(.1, varied(STANDING, rng, 3)), *still(STANDING, 1, rng)]
    for _ in range(count):
        keys += [Key(half, varied(out, rng, 3)), Key(half, varied(STANDING, rng, 3))]
    return keys + still(STANDING, .6, rng)


def squats_for_life(rng: Rng) -> Keys:
    return squats(rng, 5)


def jacks_for_life(rng: Rng) -> Keys:
    return jacks(rng, 8)


def sit_on_floor(rng: Rng) -> Keys:
    """Sits down on the floor with the legs ahead or drawn up, and gets up by the knees."""
    low = varied([dict(STANDING, hip=95, knee=12, lean=8, arm=-20, wing=15),
                  dict(STANDING, hip=125, knee=125, lean=15, arm=60)][rng.integers(2)], rng)
    return [Key(.1, varied(STANDING, rng)), *still(STANDING, 1, rng),
            Key(rng.uniform(.8, 1.4), varied(CROUCHED, rng)), Key(rng.uniform(.4, .8), low),
            *still(low, rng.uniform(3, 7), rng), Key(1.2, varied(KNEELING, rng)),
            Key(1.2, varied(STANDING, rng))]


def snatch(rng: Rng) -> Keys:
    """Picks something up from the floor, quickly, with straight or bent legs."""
    low = varied([dict(BENT, lean=110., knee=25.), dict(CROUCHED, lean=45.),
                  dict(BENT, lean=75., knee=50., hip=45.)][rng.integers(3)], rng)
    return [Key(.1, varied(STANDING, rng)), *still(STANDING, 1, rng),
            Key(rng.uniform(.4, .7), low), *still(low, rng.uniform(.2, 1.2), rng),
            Key(rng.uniform(.4, .8), varied(STANDING, rng)), *still(STANDING, 1, rng)]


def slouch(rng: Rng) -> Keys:
    """Drops onto a low couch, slides ahead in it, and gets up after a while."""
    deep = varied(dict(SITTING, hip=75., knee=70., lean=-30.), rng)
    lower = varied(dict(SITTING, hip=60., knee=45., lean=-48.), rng)
    return [Key(.1, varied(STANDING, rng)), *still(STANDING, 1, rng),
            Key(rng.uniform(.5, .9), deep), *still(deep, rng.uniform(1, 3), rng), Key(1.0, lower),
            *still(lower, rng.uniform(3, 8), rng), Key(1.0, varied(SITTING, rng)),
            Key(.9, varied(STANDING, rng))]


def kneel(rng: Rng) -> Keys:
    """Goes down on one knee, to a shoe or a child, and rises."""
    low = varied(dict(STANDING, lean=rng.uniform(10, 55), arm=60, hip_l=85, knee_l=90, hip_r=-5,
                      knee_r=95), rng)
    return [Key(.1, varied(STANDING, rng)), *still(STANDING, 1, rng),
            Key(rng.uniform(.6, 1.2), low), *still(low, rng.uniform(2, 6), rng),
            Key(rng.uniform(.8, 1.2), varied(STANDING, rng))]


def sleep(rng: Rng) -> Keys:
    """Lies in bed, turns over now and then, sits up and gets up."""
    bed = .38
    keys = [Key(.1, varied(ON_BACK, rng), bed)]
    for _ in range(rng.integers(2, 5)):
        turned = dict(ON_BACK, roll=[-85., 0., 85.][rng.integers(3)], hip=rng.uniform(0, 60),
                      knee=rng.uniform(0, 80))
        keys += [Key(rng.uniform(.8, 1.6), varied(turned, rng), bed),
                 *still(turned, rng.uniform(2, 6), rng, bed)]
    return keys + [Key(rng.uniform(1.2, 2), varied(SITTING, rng)), *still(SITTING, 2, rng),
                   Key(1.2, varied(STANDING, rng))]


HARMLESS: Dict[str, Callable[[Rng], Keys]] = {
    'sits down': sit_down, 'bends': bend, 'lies down': lie_down, 'to the floor': to_the_floor,
    'wanders': wander, 'leaves below': leave_below, 'squats': squats_for_life,
    'jacks': jacks_for_life}
MORE_HARMLESS: Dict[str, Callable[[Rng], Keys]] = {
    'sits on the floor': sit_on_floor, 'snatches': snatch, 'slouches': slouch, 'kneels': kneel,
    'sleeps': sleep}


def visit(rng: Rng) -> List[Tuple[str, Keys]]:
    """What somebody does one after the other, none of it a fall: names and keys."""
    known = dict(HARMLESS, **MORE_HARMLESS)
    names = [str(name) for name in rng.choice(sorted(known), rng.integers(3, 8))]
    # Who wakes up does it first; who has walked away stands elsewhere, and has nothing more to do.
    begin = ['sleeps'] * ('sleeps' in names)
    names = [name for name in names if name != 'sleeps']
    last = next((i for i, name in enumerate(names) if name in ('wanders', 'leaves below')), 9)
    return [(name, known[name](rng)) for name in begin + names[:last + 1]]
