"""What people do: classifiers of poses that a user trains, and rules, from skeletons alone."""
