#!/bin/sh
# Slurm's Prolog: a node whose environment is not the one of the manifest is drained.
# slurm.conf: Prolog=/etc/slurm/envsnap-prolog.sh (and PrologFlags=Alloc, to know before the job begins)
# Change: the interpreter that your jobs run in. On the node that counts as right:
#   env -i PATH=/usr/bin:/bin LANG=C.UTF-8 envsnap capture --python /usr/bin/python3 -o golden.json
#   envsnap probe --verify golden.json -o check.py
# A prolog has another environment than a job, so that both are captured in the same empty one.
ENVSNAP_PYTHON=${ENVSNAP_PYTHON:-/usr/bin/python3}
ENVSNAP_CHECK=${ENVSNAP_CHECK:-/etc/envsnap/check.py}
ENVSNAP_SECONDS=${ENVSNAP_SECONDS:-60}

told=$(env -i PATH=/usr/bin:/bin LANG=C.UTF-8 timeout "$ENVSNAP_SECONDS" "$ENVSNAP_PYTHON" "$ENVSNAP_CHECK" 2>&1)
code=$?
case $code in
  0) exit 0 ;;
  5)
    # Slurm takes no more than a line as the reason: the first fact that differs says more than how many do.
    reason=$(printf '%s\n' "$told" | sed -n 's/^envsnap: \(differs: .*\)/\1/p' | head -n 1)
    [ -n "$reason" ] || reason=$(printf '%s\n' "$told" | head -n 1 | sed 's/^envsnap: //')
    reason=$(printf '%s\n' "$reason" | tr -cd '[:print:]' | cut -c 1-200)
    logger -t envsnap "drained: $reason" 2>/dev/null
    echo "envsnap: $reason" >&2
    exit 1
    ;;
  *)
    logger -t envsnap "not checked (exit code $code)" 2>/dev/null
    echo "envsnap: not checked (exit code $code)" >&2
    [ "${ENVSNAP_STRICT:-0}" = 1 ] && exit 1
    exit 0
    ;;
esac
