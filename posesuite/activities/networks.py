"""Models of scikit-learn, written as plain numbers: there is no pickle, and numpy runs them.

scikit-learn is an extra: pip install scikit-learn.
"""
from typing import Any, Callable, Dict, Optional

from posesuite.activities.classifier import Layers
from posesuite.activities.neighbours import Bodies
from posesuite.activities.training import Fit

import numpy as np

NEIGHBOURS = 'neighbours'
UNITS = 48  # of the network's hidden layer
REGULARISATION = 1e-3  # alpha of scikit-learn's MLPClassifier


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression
    return LogisticRegression(max_iter=500, class_weight='balanced')


def _network() -> Any:
    from sklearn.neural_network import MLPClassifier
    return MLPClassifier((UNITS,), alpha=REGULARISATION, max_iter=300, random_state=0)


_MAKERS: Dict[str, Callable[[], Any]] = {'logistic': _logistic, 'network': _network}
MODELS = NEIGHBOURS, *_MAKERS


def fitter(name: str) -> Optional[Fit]:
    """What trains a model of MODELS; None for the neighbours alone. Raises ImportError."""
    if name == NEIGHBOURS:
        return None
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise ImportError(f'--model {name} needs scikit-learn: pip install scikit-learn')
    return lambda bodies, labels, count: _fit(_MAKERS[name](), bodies, labels, count)


def _fit(model: Any, bodies: Bodies, labels: np.ndarray, count: int) -> Layers:
    values = (bodies.values * bodies.known).astype(float)
    mean, deviation = values.mean(0), values.std(0) + 0.05
    model.fit((values - mean) / deviation, labels)
    if hasattr(model, 'coefs_'):
        layers = [(np.array(weights), np.array(bias))
                  for weights, bias in zip(model.coefs_, model.intercepts_)]
    else:
        layers = [(model.coef_.T.copy(), model.intercept_.copy())]
    if count == 2:  # scikit-learn has one output for two labels, of which it is the second
        weights, bias = layers[-1]
        layers[-1] = np.hstack([0 * weights, weights]), np.hstack([0 * bias, bias])
    weights, bias = layers[0]
    weights = weights / deviation[:, None]
    layers[0] = weights, bias - mean @ weights
    return layers
