"""What people do: classifiers of poses that a user trains, and rules, from skeletons alone."""
from posesuite.activities.options import add_activity_options, check_activity_options
from posesuite.activities.watch import ActivityWatch

__all__ = ['ActivityWatch', 'add_activity_options', 'check_activity_options']
