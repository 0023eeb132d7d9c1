"""Everything envsnap does, as functions. Read this file first.

    manifest = envsnap.capture()                   # the running program
    manifest = envsnap.load("dev.json")
    result = envsnap.diff(reference, other)           # ranked findings
    result = envsnap.check(manifest, policy=envsnap.load_policy())
    envsnap.save(manifest, "sbom.json", form="cyclonedx")
    plan = envsnap.plan(manifest)                  # what a container would be made of
    run = envsnap.observe_command(["python", "infer.py"])    # run.code, run.manifest
    with envsnap.record("golden.esr"):             # the layers of the model that is called
        model(x)

`environments` is captures, comparisons and checks, `bisection` experiments that prove a difference,
`exports` files of other tools, `fleet` many hosts, `images` plans, builds and proofs, `runs` what
commands did and recordings of a model. Rooms are imported inside the functions: a capture must have
its probe running before it loads what it needs to read the answer.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envsnap.api.bisection import bisect_environments as bisect_environments
    from envsnap.api.bisection import keep_case as keep_case
    from envsnap.api.bisection import plan_bisection as plan_bisection
    from envsnap.api.environments import DEFAULT_DEADLINE as DEFAULT_DEADLINE
    from envsnap.api.environments import LONGEST_DEADLINE as LONGEST_DEADLINE
    from envsnap.api.environments import Progress as Progress
    from envsnap.api.environments import capture as capture
    from envsnap.api.environments import capture_interpreter as capture_interpreter
    from envsnap.api.environments import check as check
    from envsnap.api.environments import diff as diff
    from envsnap.api.environments import diff_several as diff_several
    from envsnap.api.environments import formats as formats
    from envsnap.api.environments import held_against as held_against
    from envsnap.api.environments import load as load
    from envsnap.api.environments import load_document as load_document
    from envsnap.api.environments import load_policy as load_policy
    from envsnap.api.environments import most_alike as most_alike
    from envsnap.api.environments import seal as seal
    from envsnap.api.environments import side_by_side as side_by_side
    from envsnap.api.exports import exported as exported
    from envsnap.api.exports import forms as forms
    from envsnap.api.exports import save as save
    from envsnap.api.fleet import add_to_store as add_to_store
    from envsnap.api.fleet import capture_fleet as capture_fleet
    from envsnap.api.fleet import capture_rank as capture_rank
    from envsnap.api.fleet import export_store as export_store
    from envsnap.api.fleet import fleet_history as fleet_history
    from envsnap.api.fleet import judge_fleet as judge_fleet
    from envsnap.api.fleet import passed_over as passed_over
    from envsnap.api.images import PROOF_DEADLINE as PROOF_DEADLINE
    from envsnap.api.images import build as build
    from envsnap.api.images import comparison as comparison
    from envsnap.api.images import context as context
    from envsnap.api.images import load_plan as load_plan
    from envsnap.api.images import lock as lock
    from envsnap.api.images import name_image as name_image
    from envsnap.api.images import plan as plan
    from envsnap.api.images import prepared as prepared
    from envsnap.api.images import prove as prove
    from envsnap.api.images import require_engine as require_engine
    from envsnap.api.images import verify as verify
    from envsnap.api.images import write_context as write_context
    from envsnap.api.redaction import load_redaction_key as load_redaction_key
    from envsnap.api.redaction import new_redaction_key as new_redaction_key
    from envsnap.api.runs import compare as compare
    from envsnap.api.runs import compare_command as compare_command
    from envsnap.api.runs import load_recording as load_recording
    from envsnap.api.runs import observe_command as observe_command
    from envsnap.api.runs import record as record
    from envsnap.api.runs import record_command as record_command
    from envsnap.api.runs import record_data as record_data
    from envsnap.api.signatures import sign as sign
    from envsnap.api.signatures import signed_by as signed_by
    from envsnap.api.signatures import unchanged as unchanged

_HOME = {
    "DEFAULT_DEADLINE": "environments",
    "LONGEST_DEADLINE": "environments",
    "PROOF_DEADLINE": "images",
    "Progress": "environments",
    "add_to_store": "fleet",
    "bisect_environments": "bisection",
    "build": "images",
    "capture": "environments",
    "capture_fleet": "fleet",
    "capture_interpreter": "environments",
    "capture_rank": "fleet",
    "check": "environments",
    "compare": "runs",
    "compare_command": "runs",
    "comparison": "images",
    "context": "images",
    "diff": "environments",
    "diff_several": "environments",
    "export_store": "fleet",
    "exported": "exports",
    "fleet_history": "fleet",
    "formats": "environments",
    "forms": "exports",
    "held_against": "environments",
    "judge_fleet": "fleet",
    "keep_case": "bisection",
    "load": "environments",
    "load_document": "environments",
    "load_plan": "images",
    "load_policy": "environments",
    "load_recording": "runs",
    "load_redaction_key": "redaction",
    "lock": "images",
    "most_alike": "environments",
    "name_image": "images",
    "new_redaction_key": "redaction",
    "observe_command": "runs",
    "passed_over": "fleet",
    "plan": "images",
    "plan_bisection": "bisection",
    "prepared": "images",
    "prove": "images",
    "record": "runs",
    "record_command": "runs",
    "record_data": "runs",
    "require_engine": "images",
    "save": "exports",
    "seal": "environments",
    "side_by_side": "environments",
    "sign": "signatures",
    "signed_by": "signatures",
    "unchanged": "signatures",
    "verify": "images",
    "write_context": "images",
}
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
    "capture_interpreter",
    "capture_rank",
    "check",
    "compare",
    "compare_command",
    "comparison",
    "context",
    "diff",
    "diff_several",
    "export_store",
    "exported",
    "fleet_history",
    "formats",
    "forms",
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
    "passed_over",
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


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'envsnap.api' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"envsnap.api.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
