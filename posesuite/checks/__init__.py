"""What works on this machine: each check in a process of its own, where it may crash or hang."""
from posesuite.checks.examination import Doctor, add_doctor_options, show

__all__ = ['Doctor', 'add_doctor_options', 'show']
