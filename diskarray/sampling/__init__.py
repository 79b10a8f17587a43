"""From a posterior to draws from it, with evidence: engines, checkpoints, comparison."""
