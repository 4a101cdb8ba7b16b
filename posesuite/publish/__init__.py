"""Publishers: what happens before the camera, sent to the systems that people have."""
from posesuite.publish.options import add_publish_options, check_publish_options
from posesuite.publish.publishers import Publishers

__all__ = ['Publishers', 'add_publish_options', 'check_publish_options']
