"""What holds a command on this machine: namespaces, Landlock, sandbox-exec, and the limits they share."""
