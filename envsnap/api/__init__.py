"""Everything envsnap does, as functions. Read this file first.

    manifest = envsnap.capture()                   # the running program
    manifest = envsnap.load("dev.json")
    result = envsnap.diff(reference, other)           # ranked findings
    result = envsnap.check(manifest, policy=envsnap.load_policy())
    plan = envsnap.plan(manifest)                  # what a container would be made of
    run = envsnap.observe_command(["python", "infer.py"])    # run.code, run.manifest
    with envsnap.record("golden.esr"):             # the layers of the model that is called
        model(x)

`environments` is captures, comparisons and checks, `bisection` experiments that prove a difference,
`fleet` many hosts, `images` plans, builds and proofs, `runs` what commands did and recordings of a model. Rooms are imported inside the functions: a capture must have its probe running before it loads
what it needs to read the answer.
"""

from envsnap.api.bisection import bisect_environments, keep_case, plan_bisection
from envsnap.api.environments import (
    DEFAULT_DEADLINE,
    LONGEST_DEADLINE,
    Progress,
    capture,
    check,
    diff,
    diff_several,
    formats,
    held_against,
    load,
    load_document,
    load_policy,
    most_alike,
    save,
    seal,
    side_by_side,
)
from envsnap.api.fleet import (
    add_to_store,
    capture_fleet,
    capture_rank,
    export_store,
    fleet_history,
    judge_fleet,
)
from envsnap.api.images import (
    PROOF_DEADLINE,
    build,
    comparison,
    context,
    load_plan,
    lock,
    name_image,
    plan,
    prepared,
    prove,
    require_engine,
    verify,
    write_context,
)
from envsnap.api.redaction import load_redaction_key, new_redaction_key
from envsnap.api.runs import (
    compare,
    compare_command,
    load_recording,
    observe_command,
    record,
    record_command,
    record_data,
)
from envsnap.api.signatures import sign, signed_by, unchanged

__all__ = [
    "DEFAULT_DEADLINE",
    "LONGEST_DEADLINE",
    "PROOF_DEADLINE",
    "Progress",
    "add_to_store",
    "bisect_environments",
    "build",
    "capture",
    "capture_fleet",
    "capture_rank",
    "check",
    "compare",
    "compare_command",
    "comparison",
    "context",
    "diff",
    "diff_several",
    "export_store",
    "fleet_history",
    "formats",
    "held_against",
    "judge_fleet",
    "keep_case",
    "load",
    "load_document",
    "load_plan",
    "load_policy",
    "load_recording",
    "load_redaction_key",
    "lock",
    "most_alike",
    "name_image",
    "new_redaction_key",
    "observe_command",
    "plan",
    "plan_bisection",
    "prepared",
    "prove",
    "record",
    "record_command",
    "record_data",
    "require_engine",
    "save",
    "seal",
    "side_by_side",
    "sign",
    "signed_by",
    "unchanged",
    "verify",
    "write_context",
]
