"""Types words and a tabulator into a real shell, and prints what the terminal shows.

completing.py SHELL START LINE...: runs the shell, then START, then each LINE; in a LINE, <TAB> stands for the key.
"""

import os
import pty
import re
import select
import sys
import time

SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--private"],
}
PATIENCE = 20


def read(terminal, until):
    """Reads until a text was shown, or patience ends."""
    shown, end = b"", time.monotonic() + PATIENCE
    while time.monotonic() < end and until not in shown:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:
                break
    return shown


def settle(terminal, quiet):
    """Reads until nothing was shown for a while."""
    shown = b""
    while select.select([terminal], [], [], quiet)[0]:
        shown += os.read(terminal, 65536)
    return shown


def main(shell, start, *lines):
    child, terminal = pty.fork()
    if child == 0:
        os.environ |= {"TERM": "dumb", "PS1": "$ ", "COLUMNS": "200"}
        os.execvp(SHELLS[shell][0], SHELLS[shell])
    settle(terminal, 1.0)
    # Split, so that the echo of the command is not taken for its output.
    os.write(terminal, start.encode() + b"; echo rea''dy\n")
    read(terminal, b"ready")
    settle(terminal, 0.3)
    for line in lines:
        parts = line.split("<TAB>")
        for number, part in enumerate(parts):
            os.write(terminal, part.encode())
            if number + 1 < len(parts):
                settle(terminal, 0.2)
                os.write(terminal, b"\t")
                settle(terminal, 1.0)
        os.write(terminal, b"; echo do''ne\n")
        shown = read(terminal, b"done").decode(errors="replace")
        print(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\r", "", shown))
    os.kill(child, 9)


main(*sys.argv[1:])
