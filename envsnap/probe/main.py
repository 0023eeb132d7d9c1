"""What one run of the script does: a capture, or a job of one; and how its answer is sent."""

import gc
import json
import os
import sys
import threading
import time

from . import secrets

WATCHDOG_SECONDS = 2.0


def run(options_text: str, modules: dict, sys_path: list) -> None:
    """Do this script's job, print the answer and end the process, whatever is still running."""
    from .output import Output

    options = json.loads(options_text)
    gc.disable()  # this process does one short thing
    secrets.use_key(options.get("redaction_key", ""))
    job = options.get("job", "capture")
    if job == "verify":
        from . import verdict
        from .capture import Capture

        capture = Capture(options, modules, sys_path, in_process=False)
        code = verdict.run(capture, options["expected"])
        sys.stderr.flush()
        os._exit(code)
    try:
        output = Output(options["marker"], bool(options.get("travels")))
        if job == "gpus":
            from .collectors import gpu_query

            output.send("answer", gpu_query.run_child(options))
        elif job == "import":
            from .collectors import framework_import

            output.send("answer", framework_import.run_child(options))
        elif job == "codecs":
            from .collectors import codec_import

            output.send("answer", codec_import.run_child(options))
        else:
            from .capture import Capture

            _send_capture(Capture(options, modules, sys_path, in_process=False), output)
        output.finish()
    except BrokenPipeError:
        os._exit(1)
    sys.stderr.flush()
    os._exit(0)


def _send_capture(capture, output) -> None:
    """Send the facts as soon as they are known, then the weights, which may take long."""
    watchdog = threading.Thread(target=_send_what_is_known, args=(capture, output), daemon=True)
    watchdog.start()
    facts = capture.facts()
    with capture.sending:
        output.send("facts", facts)
        capture.sent = True
    _warn(facts["sections"].get("configs", {}).get("gaps", {}))
    for word, run in capture.afterwards():
        found = run(lambda done, total: output.send("progress", [done, total]))
        output.send(word, found)
        _warn(found["gaps"])


def _send_what_is_known(capture, output) -> None:
    """A while after the deadline, send what there is: some collector hangs where nothing helps."""
    time.sleep(max(0.0, capture.until - time.monotonic()) + WATCHDOG_SECONDS)
    with capture.sending:
        if capture.sent:
            return
        for name, record in capture.sections.items():
            if name not in capture.finished:
                capture.incomplete.add(name)
                record.gap("collector", "timeout: something here did not answer in time")
        output.send("facts", capture.message())
        output.finish()
        os._exit(0)


def _warn(gaps: dict) -> None:
    """Say on standard error which named files could not be read; the facts hold it too."""
    for path, why in sorted(gaps.items()):
        if not why.startswith("redacted"):
            sys.stderr.write(ascii("envsnap probe: %s: %s" % (path, why))[1:-1] + "\n")


def write_facts(path: str, options_text: str, modules: dict, sys_path: list) -> None:
    """Describe the running program into a facts file, which is accepted as a manifest is."""
    from .capture import Capture

    options = json.loads(options_text)
    collected = gc.isenabled()
    gc.disable()  # each pass would walk the program's own objects, too
    try:
        lines = _described(Capture(options, modules, sys_path, in_process=True), options["marker"])
    finally:
        if collected:
            gc.enable()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write("\n".join(lines) + "\n")


def _described(capture, marker: str) -> list:
    """The lines of a facts file."""
    from . import output

    lines = [output.begin(marker), "facts " + output.encode(capture.facts())]
    for word, run in capture.afterwards():
        lines.append("%s %s" % (word, output.encode(run(lambda done, total: None))))
    return [*lines, output.end(marker)]
