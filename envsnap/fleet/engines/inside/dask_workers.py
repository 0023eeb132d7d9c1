"""Asks every worker of a Dask cluster for what the probe says in a child of it."""

import asyncio
import json
import os
import sys

PLACEHOLDER = b"987654321"


async def ask(script: bytes, seconds: float) -> tuple:
    """Run the probe in a child of this worker, which goes on with its tasks meanwhile."""
    import asyncio
    import os
    import signal
    import subprocess
    import sys

    def work() -> tuple:
        code = "import sys; exec(getattr(sys.stdin, 'buffer', sys.stdin).read())"
        child = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        own = script.replace(b"987654321", str(os.getpid()).encode(), 1)
        try:
            said, complaint = child.communicate(own, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return b"", "timeout: the probe did not answer in time"
        return said, complaint.decode("utf-8", "replace")[-300:]

    return await asyncio.get_running_loop().run_in_executor(None, work)


async def one(client, address: str, name: str, script: bytes, end: float, say) -> None:
    """Ask one worker; what it says, or why it says nothing, is told."""
    loop = asyncio.get_running_loop()
    left = max(1.0, end - loop.time() - 1.0)
    running = client._run(  # noqa: SLF001 - the public run waits for all workers
        ask, script, left, workers=[address], on_error="return"
    )
    try:
        found = (await asyncio.wait_for(running, max(0.1, end - loop.time())))[address]
        if isinstance(found, Exception):
            raise found
    except asyncio.TimeoutError:
        say(host=name, failed="timeout: the worker did not answer")
    except Exception as error:
        say(host=name, failed="%s: %s" % (type(error).__name__, str(error)[-200:]))
    else:
        said, complaint = found
        if said:
            say(host=name, answer=said.decode("utf-8", "replace"))
        else:
            say(host=name, failed=complaint or "the probe printed nothing")


async def main() -> None:
    """Do the job on standard input."""
    job = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the engine prints is no answer

    def say(**message: object) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    from distributed import Client

    loop = asyncio.get_running_loop()
    end = loop.time() + job["deadline"]
    client = await Client(
        job["address"], asynchronous=True, timeout=job["deadline"], set_as_default=False
    )
    try:
        workers = (await client.scheduler.identity(n_workers=-1))["workers"]
    except Exception:  # a release whose scheduler always tells of all
        workers = (await client.scheduler.identity())["workers"]
    names = {address: str(worker.get("name") or address) for address, worker in workers.items()}
    say(hosts=list(names.values()))

    own = job["script"].encode("ascii")
    await asyncio.gather(
        *(one(client, address, name, own, end, say) for address, name in names.items())
    )
    out.flush()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
