"""`python -m heartbeat`: the same as the command `heartbeat`."""

from heartbeat.cmd.root import main

if __name__ == "__main__":
    main()
