"""The wires: one owner per line, who asks what when, and how an answer is told from anything else."""
