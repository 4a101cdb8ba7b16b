"""People as they are rendered."""
import numpy as np


def test_belongings_are_on_heads_and_in_hands(monkeypatch):
    """Headgear is above the ears however the head lies; what is held is around a hand."""
    from training import belongings
    from training.people import Materials, Person
    monkeypatch.setattr(belongings, 'HATTED', 1.)
    monkeypatch.setattr(belongings, 'LOADED', 0.)
    monkeypatch.setattr(belongings, 'HOLDING', 1.)
    rng = np.random.default_rng(0)
    keypoints = np.zeros((17, 3))
    keypoints[:5] = [[0, 16, 1], [.3, 16.3, .9], [-.3, 16.3, .9], [.8, 16.3, 0], [-.8, 16.3, 0]]
    keypoints[7:11] = [[3, 11, 0], [-3, 11, 0], [3, 9, 1], [-3, 9, 1]]
    for turn in (np.eye(3), np.array([[0., -1, 0], [1, 0, 0], [0, 0, 1]])):
        person = Person([], keypoints @ turn.T, 17., None)
        for _ in range(20):
            hat = belongings.worn(rng, person, Materials())
            assert 1 <= len(hat) <= 2
            x, y, z = ((hat[0].vertices - person.keypoints[3:5].mean(0)) @ turn).T
            assert .4 < y.mean() < 2.2 and abs(x.mean()) < .1 and abs(z.mean()) < .6
            assert np.ptp(x) > 1.6  # wider than from ear to ear
            things = belongings.held(rng, person, Materials(), 1)
            assert 2 <= len(things) <= 4
            for hand in (person.keypoints[9], person.keypoints[10]):
                assert min(np.linalg.norm(t.vertices - hand, axis=1).min() for t in things) < 4
