"""Jobs: work that takes longer than a request, done by whichever worker has the time.

The table of jobs is the truth. What wakes workers is a queue: this database, or procrastinate.
"""

from control_api.jobs.kinds import JobKind
from control_api.jobs.states import JobState, Move
from control_api.jobs.submission import submit
from control_api.jobs.work import Broken, Lacking, Stop, Work

__all__ = ["Broken", "JobKind", "JobState", "Lacking", "Move", "Stop", "Work", "submit"]
