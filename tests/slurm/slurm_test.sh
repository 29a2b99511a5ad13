#!/usr/bin/env bash
# The batch script on a real Slurm of four nodes on this host: the demo in small completes on two nodes; interrupted once, it completes
# after the requeue; both give the same results.csv, byte for byte.
set -euo pipefail
source_dir=$(readlink -f "$1")
cluster=$source_dir/../shared/reference/slurm_cluster.sh
skip() { echo "SKIPPED: $*"; exit 77; }
[ -f "$cluster" ] || skip "no ../shared/reference/slurm_cluster.sh beside the checkout"
for program in slurmctld slurmd munged; do
    PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || skip "$program is not installed (./dev test installs it)"
done
[ "$(id -u)" = 0 ] || skip "starting Slurm's daemons needs root"

lab=$(mktemp -d /tmp/layersweep-slurm.XXXXXX)
export SLURMLAB_DIR=$lab SLURMLAB_PORT=$((20000 + RANDOM % 20000))
cleanup() { bash "$cluster" stop "$lab" >/dev/null 2>&1 || true; rm -rf "$lab"; }
trap cleanup EXIT
bash "$cluster" start "$lab" || skip "the cluster did not come up in this sandbox"
eval "$(bash "$cluster" env "$lab")"
cd "$source_dir"
export DEMO=$source_dir/configs/demo LAYERSWEEP_WORKERS_PER_NODE=1

job_state() { scontrol show job "$1" | grep -oE 'JobState=[A-Z]+' | cut -d= -f2; }
wait_for() { # wait_for JOB SECONDS
    local waited
    for waited in $(seq "$2"); do
        case $(job_state "$1") in
            COMPLETED) return 0 ;;
            FAILED | CANCELLED | TIMEOUT | NODE_FAIL) break ;;
        esac
        sleep 1
    done
    echo "job $1 is $(job_state "$1") after $waited s"
    cat "$lab"/job-"$1".log
    return 1
}
submit() { sbatch --parsable -N2 --ntasks-per-node=2 --output="$lab/job-%j.log" slurm/run.sbatch tests/end_to_end/small.yaml "$1"; }

whole=$(submit "$lab/whole")
wait_for "$whole" 120
grep -qE 'n1:2,n[2-4]:1' "$lab/job-$whole.log" || { echo "the job did not span two nodes"; cat "$lab/job-$whole.log"; exit 1; }

interrupted=$(submit "$lab/interrupted")
for _ in $(seq 300); do # until the first result is recorded
    grep -qs '"finished"' "$lab"/interrupted/ledger/*.jsonl && break
    sleep 0.1
done
scancel -b --signal=USR1 "$interrupted"
wait_for "$interrupted" 180
grep -q 'back into the queue' "$lab/job-$interrupted.log" || { echo "the job was never requeued"; cat "$lab/job-$interrupted.log"; exit 1; }
grep -q 'start 2' "$lab/job-$interrupted.log" || { echo "the job did not start a second time"; exit 1; }
cmp "$lab/whole/results.csv" "$lab/interrupted/results.csv"
trials=$(($(wc -l <"$lab/whole/results.csv") - 1))
echo "slurm: $trials trials on two nodes, the same bytes after one interruption and requeue"
[ "$trials" -ge 8 ]
