"""Asks every node of a Ray cluster, or every actor, for what the probe says in a child there."""

import json
import os
import sys
import time

PLACEHOLDER = b"987654321"


def ask(script: bytes, seconds: float, pid: int) -> tuple:
    """Run the probe in a child of this worker; with a process id, as that process would start."""
    import os
    import signal
    import subprocess
    import sys

    def interpreter(own: dict) -> str:
        """The Python of that process: a runtime environment may have brought another one.

        Ray writes over the process's arguments, and what the kernel knows has no link to the
        virtual environment: one that the process has and we have not is where it was started.
        """
        real = os.path.realpath("/proc/%d/exe" % pid)
        places = [sys.executable, real]
        if own.get("VIRTUAL_ENV") and own["VIRTUAL_ENV"] != os.environ.get("VIRTUAL_ENV"):
            places.insert(0, os.path.join(own["VIRTUAL_ENV"], "bin", "python"))
        return next((place for place in places if os.path.realpath(place) == real), sys.executable)

    python, environment = sys.executable, dict(os.environ)
    if pid:
        with open("/proc/%d/environ" % pid, "rb") as stream:
            pairs = [pair.partition(b"=") for pair in stream.read().split(b"\0") if b"=" in pair]
        own = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs if name}
        environment = own or environment
        python = interpreter(own)
        script = script.replace(PLACEHOLDER, str(pid).encode(), 1)
    code = "import sys; exec(getattr(sys.stdin, 'buffer', sys.stdin).read())"
    child = subprocess.Popen(
        [python, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        said, complaint = child.communicate(script, timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        return b"", "timeout: the probe did not answer in time"
    return said, complaint.decode("utf-8", "replace")[-300:]


def main() -> None:
    """Do the job on standard input."""
    job = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the engine prints is no answer

    def say(**message: object) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    import ray

    end = time.monotonic() + job["deadline"]
    address = job["address"] or "auto"
    ray.init(address=address, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    nodes = {node["NodeID"]: node for node in ray.nodes()}
    names = named(nodes)
    targets, dead = whom(nodes, names, job["actors"])
    say(hosts=[name for name, _, _ in targets] + list(dead))
    for name, why in dead.items():
        say(host=name, failed=why)
    collect(ray, start(ray, targets, job["script"], end), end, say)
    out.flush()
    os._exit(0)


def start(ray, targets: list, script: str, end: float) -> dict:
    """Start a task on each target's node, however busy it is; tasks by reference."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    remote, stored = ray.remote(ask), ray.put(script.encode("ascii"))
    waiting = {}
    for name, node, pid in targets:
        affinity = NodeAffinitySchedulingStrategy(node, soft=False)
        task = remote.options(num_cpus=0, max_retries=0, scheduling_strategy=affinity)
        left = max(1.0, end - time.monotonic() - 1.0)
        waiting[task.remote(stored, left, pid)] = name
    return waiting


def collect(ray, waiting: dict, end: float, say) -> None:
    """Tell what each task found, as it comes, until time is over."""
    while waiting and time.monotonic() < end:
        ready, _ = ray.wait(list(waiting), timeout=max(0.0, end - time.monotonic()))
        for reference in ready:
            name = waiting.pop(reference)
            try:
                said, complaint = ray.get(reference)
            except Exception as error:
                say(host=name, failed="%s: %s" % (type(error).__name__, str(error)[-200:]))
            else:
                if said:
                    say(host=name, answer=said.decode("utf-8", "replace"))
                else:
                    say(host=name, failed=complaint or "the probe printed nothing")


def named(nodes: dict) -> dict:
    """Nodes by a name that people know; where several share one, with the start of the node's id."""
    first = {}
    for key, node in nodes.items():
        name = node.get("NodeName") or ""
        if not name or name == node.get("NodeManagerAddress"):
            name = node.get("NodeManagerHostname") or node.get("NodeManagerAddress") or key
        first[key] = name
    many = {name for name in first.values() if list(first.values()).count(name) > 1}
    return {key: "%s-%s" % (name, key[:8]) if name in many else name for key, name in first.items()}


def whom(nodes: dict, names: dict, actors: bool) -> tuple:
    """Whom to ask, as (name, node, process id), and who is dead."""
    alive = {key for key, node in nodes.items() if node.get("Alive")}
    dead = {
        names[key]: "refused: Ray lists the node as dead"
        for key in nodes
        if key not in alive and not any(names[key] == names[other] for other in alive)
    }
    if not actors:
        return [(names[key], key, 0) for key in sorted(alive)], dead
    found = []
    for number, kind, node, pid, state in all_actors():
        name = "%s.%s-%s" % (names.get(node, "?"), kind, number[:8])
        if state == "ALIVE" and node in alive and pid:
            found.append((name, node, pid))
        elif state != "DEAD":
            dead[name] = "refused: the actor is %s" % state
    return sorted(found), dead


def all_actors() -> list:
    """Every actor as (id, class, node, process id, state), from the cluster's own table.

    The public listing asks the dashboard, which many clusters do not run.
    """
    try:
        from ray._private import state

        rows = state.actors().values()
        return [
            (
                row["ActorID"],
                row["ActorClassName"],
                row["Address"]["NodeID"],
                row["Pid"],
                row["State"],
            )
            for row in rows
        ]
    except (ImportError, AttributeError, KeyError):
        from ray.util.state import list_actors

        return [
            (actor.actor_id, actor.class_name, actor.node_id, actor.pid, actor.state)
            for actor in list_actors(limit=10000, detail=True)
        ]


if __name__ == "__main__":
    main()
