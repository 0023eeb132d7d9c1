"""What a cluster says where an object of its own says nothing, by the key.

The values are those of the API's reference ("Defaults to …"). Readers leave them out on both sides.
"""

from __future__ import annotations

DEFAULTS: dict[str, tuple[object, ...]] = {
    # of a pod
    "restartPolicy": ("Always",),
    "dnsPolicy": ("ClusterFirst",),
    "schedulerName": ("default-scheduler",),
    "terminationGracePeriodSeconds": (30,),
    "enableServiceLinks": (True,),
    "serviceAccountName": ("default",),
    "serviceAccount": ("default",),
    "priority": (0,),
    "preemptionPolicy": ("PreemptLowerPriority",),
    "hostNetwork": (False,),
    "hostPID": (False,),
    "hostIPC": (False,),
    # of a container
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "protocol": ("TCP",),
    "timeoutSeconds": (1,),
    "periodSeconds": (10,),
    "successThreshold": (1,),
    "failureThreshold": (3,),
    "scheme": ("HTTP",),
    "defaultMode": (420,),
    # of what makes pods
    "replicas": (1,),
    "revisionHistoryLimit": (10,),
    "progressDeadlineSeconds": (600,),
    "podManagementPolicy": ("OrderedReady",),
    "backoffLimit": (6,),
    "completions": (1,),
    "parallelism": (1,),
    "completionMode": ("NonIndexed",),
    "podReplacementPolicy": ("TerminatingOrFailed",),
    "manualSelector": (False,),
    "suspend": (False,),
    "concurrencyPolicy": ("Allow",),
    "successfulJobsHistoryLimit": (3,),
    "failedJobsHistoryLimit": (1,),
}
OF_A_CLUSTER = ("kubernetes", "workload")  # what readers call such an object


def default(file: str, key: str) -> str | None:
    """The value that a key of an object has where nothing is said; None where none is known."""
    if file not in OF_A_CLUSTER:
        return None
    if key == "imagePullPolicy":
        return "the policy of its image's tag"
    known = DEFAULTS.get(key)
    return None if known is None else str(known[0])
