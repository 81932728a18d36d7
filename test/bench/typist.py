# A person at a terminal with a stopwatch: starts a program in a pty, types, and says how long it took until the screen showed the answer.
#
# In: one line of JSON, { command, columns, rows, steps: [{ type, see, times }] }. `type` is sent at once, `see` is a
# regular expression for what is written after that. Out: one line of JSON, for each step the milliseconds of each time.
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time
import fcntl

DEADLINE_S = 20

wish = json.loads(sys.stdin.readline())
pid, screen = pty.fork()
if pid == 0:
    os.execvpe(wish["command"][0], wish["command"], os.environ)
startedAt = time.perf_counter()
fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", wish["rows"], wish["columns"], 0, 0))


def see(pattern, since):
    seen = b""
    while not re.search(pattern, seen):
        left = since + DEADLINE_S - time.perf_counter()
        ready = left > 0 and select.select([screen], [], [], left)[0]
        part = os.read(screen, 65536) if ready else b""
        if not part:
            sys.exit(f"{pattern!r} was not seen within {DEADLINE_S} s, but: {seen[-2000:]!r}")
        seen += part
    return (time.perf_counter() - since) * 1000


def quiet():
    # What is still on its way belongs to the key before.
    while select.select([screen], [], [], 0.03)[0]:
        os.read(screen, 65536)


answers = []
for step in wish["steps"]:
    times = []
    for text in step["type"] if isinstance(step["type"], list) else [step["type"]]:
        since = startedAt if text is None else time.perf_counter()
        if text is not None:
            quiet()
            since = time.perf_counter()
            os.write(screen, text.encode())
        if step["see"] is not None:
            times.append(see(step["see"].encode(), since))
    answers.append(times)
print(json.dumps(answers))
os.close(screen)
try:
    os.kill(pid, 9)
except ProcessLookupError:
    pass
os.waitpid(pid, 0)
