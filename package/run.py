"""Starts the programs of this App: what the platform runs for programMain "run".

Standard library only, for Python 3.6 and later. It finds the programs beside itself, sees that they can be executed (an
installer may have dropped the mode bits, the directory may be read-only), starts run.sh with the same arguments and
environment, hands signals on, and exits with 0, 1 or 3.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def argument(name, otherwise):
    """The value of --name among the platform's arguments."""
    value = otherwise
    for i, word in enumerate(sys.argv):
        if word == "--" + name and i + 1 < len(sys.argv):
            value = sys.argv[i + 1]
        elif word.startswith("--" + name + "="):
            value = word.split("=", 1)[1]
    return value


def fail(text):
    """message.tc, the same on standard error, exit 1."""
    sys.stderr.write("run: error: %s\n" % text)
    line = ("failed: " + text).encode("utf-8", "replace")[:254].decode("utf-8", "ignore") + "\n"
    for directory in (argument("tc_out_path", "."), "."):
        try:
            with open(os.path.join(directory, "message.tc"), "wb") as f:
                f.write(line.encode("utf-8"))
            break
        except OSError:
            continue
    sys.exit(1)


def make_executable(directory):
    """Gives the programs in directory their mode bits; what cannot be changed is left as it is."""
    for base, names in ((directory, os.listdir(directory)), (os.path.join(directory, "lib"), ["ld.so"])):
        for name in names:
            path = os.path.join(base, name)
            try:
                if os.path.isfile(path) and not os.access(path, os.X_OK):
                    os.chmod(path, 0o755)
            except OSError:
                pass


def works(directory):
    """Does a program there run? None, or why not."""
    try:
        p = subprocess.Popen([os.path.join(directory, "tc-params"), "-V"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = p.communicate()[0].decode("utf-8", "replace").strip()
        if p.returncode == 0 and output.startswith("tc-params "):
            return None
        return output[-100:] or "exit %d" % p.returncode
    except OSError as e:
        return e.strerror


def find_programs():
    """A directory with programs that run, and the copy that is to be removed afterwards (or None)."""
    programs = os.path.join(HERE, "bin")
    if not os.path.isdir(programs):
        fail("this App is not whole: no directory bin beside run.py")
    try:
        with open(os.path.join(programs, "lib", "MACHINE")) as f:
            machine = f.read().strip()
    except OSError:
        machine = os.uname().machine
    if machine != os.uname().machine:
        fail("the programs of this App are for %s, and this server is %s" % (machine, os.uname().machine))
    make_executable(programs)
    why = works(programs)
    if why is None:
        return programs, None
    temp = argument("tc_temp_path", tempfile.gettempdir())
    try:
        copy = tempfile.mkdtemp(prefix="tcfeed-bin.", dir=temp)
        shutil.copytree(programs, os.path.join(copy, "bin"))
    except (OSError, shutil.Error) as e:
        fail("the programs cannot be executed in %s (%s) nor copied to %s (%s)" % (programs, why, temp, e))
    make_executable(os.path.join(copy, "bin"))
    again = works(os.path.join(copy, "bin"))
    if again is not None:
        shutil.rmtree(copy, ignore_errors=True)
        fail("the programs cannot be executed in %s (%s) nor in %s (%s); is one of them mounted noexec?"
             % (programs, why, temp, again))
    return os.path.join(copy, "bin"), copy


def main():
    programs, copy = find_programs()
    environment = dict(os.environ, TC_BIN=programs, TCFEED_PLATFORM="1",
                       TC_INSTALL=os.path.join(HERE, "install.json"), TC_FEEDS=os.path.join(HERE, "feeds"))
    child = []
    waiting = []

    def forward(number, _):
        if child:
            child[0].send_signal(number)
        else:
            waiting.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, forward)
    try:
        child.append(subprocess.Popen(["/bin/sh", os.path.join(HERE, "run.sh")] + sys.argv[1:], env=environment,
                                      stdin=subprocess.DEVNULL))
    except OSError as e:
        fail("cannot start /bin/sh: %s" % e.strerror)
    for number in waiting:
        child[0].send_signal(number)
    try:
        code = child[0].wait()
    finally:
        if copy is not None:
            shutil.rmtree(copy, ignore_errors=True)
    sys.exit(code if code in (0, 3) else 1)


if __name__ == "__main__":
    main()
