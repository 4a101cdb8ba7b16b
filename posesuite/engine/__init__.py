"""What PoseEngine stands on: model files, runtimes, the Edge TPU, families of networks."""
from posesuite.engine.choice import bodypix_model, default_model, is_bundled
from posesuite.engine.model_file import EngineError
from posesuite.engine.options import add_engine_options, engine_options, open_engine

__all__ = ['EngineError', 'add_engine_options', 'bodypix_model', 'default_model', 'engine_options',
           'is_bundled', 'open_engine']
