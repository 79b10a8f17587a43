"""What is looked at before data are fitted: one function per rule, and how a finding is graded."""
