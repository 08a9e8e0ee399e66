#!/usr/bin/env bash
# One command from nothing to trained, verified and exported models.
#
#   bash train.sh                          the quickstart: draws pages, trains a detector and a
#                                          recogniser, evaluates, exports, checks the exports, and
#                                          reads three pages it has never seen (10 minutes, 2 cores)
#   bash train.sh -c FILE [-o KEY=VALUE ...]
#                                          the same for any config: train, evaluate, export, check
#   bash train.sh --help
#
# Needs bash and Python 3.10-3.12. Everything else goes into .venv. A second run reuses what is
# there; an interrupted training goes on from its last epoch. Start afresh: rm -r output/quickstart
#
#   PYTHON=/path/to/python bash train.sh   use that interpreter as it is, install nothing
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"
. tools/environment.sh

home=output/quickstart
data=train_data/quickstart
SECONDS=0

main() {
    case "${1:-}" in
        '') quickstart ;;
        -c | --config) own "${@:2}" ;;
        *) usage "${1:-}" ;;
    esac
}

usage() {
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' train.sh
    case "$1" in
        -h | --help) exit 0 ;;
        *) exit 2 ;;
    esac
}

# ---- the quickstart --------------------------------------------------------------------------

quickstart() {
    local key models=inference/quickstart
    environment requirements.txt
    mkdir -p "$home/log" "$home/done"
    note "data: $data"
    "$python" tools/make_quickstart.py --output "$data"
    parts
    key=$(cat configs/quickstart/*.yml "$data/recipe.json" | cksum)
    stage predict "$key" "$home/pages/system_results.txt" \
        run tools/infer/predict_system.py --image_dir "$data/unseen" \
        --det_model_dir "$models/det" --rec_model_dir "$models/rec" \
        --draw_img_save_dir "$home/pages"
    summary
}

# parts: detector and recogniser side by side. A step of networks this small keeps one core busy and
# hardly uses a second one, so two trainings at once take little longer than one.
parts() {
    local cores detector threads
    cores=$("$python" -c 'from ppocr.utils.runtime import usable_cores; print(usable_cores())')
    if [ "$cores" -lt 2 ]; then
        part det
        part rec
        return
    fi
    threads=${OMP_NUM_THREADS:-$((cores / 2))}
    note "the detector is trained beside the recogniser: $home/log/det.log"
    set -m # a process group of its own, so that it can be ended as a whole
    OMP_NUM_THREADS=$threads part det >"$home/log/det.log" 2>&1 &
    detector=$!
    set +m
    # shellcheck disable=SC2064  # the number of now is meant
    trap "kill -- -$detector 2>/dev/null || true" EXIT
    OMP_NUM_THREADS=$threads part rec
    note "waiting for the detector"
    wait "$detector" || fail "the detector failed; what it said is in $home/log/det.log"
    trap - EXIT
    sed -n '/against the checkpoint/,/the same results/p' "$home/log/det.log"
}

# part NAME: train it, evaluate it, export it with proof
part() {
    local part=$1 config=configs/quickstart/$1.yml key
    key=$(cat "$config" "$data/recipe.json" | cksum)
    stage "train_$part" "$key" "$home/$part/best_accuracy.pdparams" learn "$part" "$key"
    stage "eval_$part" "$key" "$home/log/eval_$part.log" \
        run tools/eval.py -c "$config" -o Global.checkpoints="$home/$part/best_accuracy"
    stage "export_$part" "$key" "$models/$part/inference.yml" \
        run tools/export_model.py -c "$config" -o Global.export_onnx=true \
        Global.pretrained_model="$home/$part/best_accuracy"
}

# stage NAME KEY RESULT COMMAND...: run the command, unless it was finished before with the same KEY
# and its RESULT is there
stage() {
    local name=$1 key=$2 result=$3 begun=$SECONDS
    shift 3
    if [ "$(cat "$home/done/$name" 2>/dev/null)" = "$key" ] && [ -f "$result" ]; then
        note "$name: done before ($home/log/$name.log)"
        return
    fi
    rm -f "$home/done/$name"
    note "$name"
    "$@" | tee "$home/log/$name.log" ||
        fail "$name failed; what it said is above and in $home/log/$name.log"
    printf '%s\n' "$key" >"$home/done/$name"
    printf '%s took %s s\n' "$name" "$((SECONDS - begun))"
}

# run TOOL ARGUMENT...: show the command as one would type it, and run it
run() {
    printf '$ %s %s\n' "$(relative "$python")" "$*"
    "$python" "$@"
}

# learn PART KEY: train, going on from the last checkpoint of an interrupted run of the same KEY
learn() {
    local part=$1 key=$2 begun=$home/done/begun_$1 resume=()
    rm -f "$home/done/eval_$part" "$home/done/export_$part" "$home/done/predict"
    if [ "$(cat "$begun" 2>/dev/null)" = "$key" ] && [ -f "$home/$part/latest.states" ]; then
        resume=(-o Global.checkpoints="$home/$part/latest")
    fi
    printf '%s\n' "$key" >"$begun"
    run tools/train.py -c "configs/quickstart/$part.yml" ${resume[@]+"${resume[@]}"}
}

summary() {
    note "ready after $((SECONDS / 60)) min $((SECONDS % 60)) s"
    cat <<TEXT
pages read   $home/pages/   three new pages: boxes on the left, what was read on the right
detector     inference/quickstart/det/   hmean $(measured det hmean) on pages it was not trained on
recogniser   inference/quickstart/rec/   acc $(measured rec acc) on lines it was not trained on
logs         $home/log/, $home/det/train.log, $home/rec/train.log

Your own pages:
  $(relative "$python") tools/infer/predict_system.py --image_dir YOUR_PAGES \\
      --det_model_dir inference/quickstart/det --rec_model_dir inference/quickstart/rec
Your own data: README.md, "Your own data in six commands"
TEXT
}

measured() { sed -n "s/.*[^_a-z]$2 *: *\([0-9.]*\).*/\1/p" "$home/log/eval_$1.log" | tail -n 1; }

relative() { printf '%s' "${1#"$PWD"/}"; }

# ---- any config ------------------------------------------------------------------------------

own() {
    local config=${1:-} overrides=() cards weights
    [ -n "$config" ] || usage ''
    [ -f "$config" ] || config=$called_from/$config
    [ -f "$config" ] || fail "there is no $1 in $called_from or $PWD"
    shift
    while [ $# -gt 0 ]; do
        [ "$1" = -o ] || [ "$1" = --opt ] || overrides+=("$1")
        shift
    done
    environment requirements.txt
    cards=$(gpus)
    if [ "$cards" -eq 0 ]; then
        overrides=(Global.use_gpu=false ${overrides[@]+"${overrides[@]}"})
    fi
    note "checking $config"
    "$python" tools/check_config.py "$config" ${overrides[@]+-o "${overrides[@]}"}
    note "training"
    if [ "$cards" -gt 1 ]; then
        "$python" -m paddle.distributed.launch --gpus "$(seq -s, 0 $((cards - 1)))" \
            tools/train.py -c "$config" ${overrides[@]+-o "${overrides[@]}"}
    else
        "$python" tools/train.py -c "$config" ${overrides[@]+-o "${overrides[@]}"}
    fi
    weights=$(setting save_model_dir "$config" ${overrides[@]+"${overrides[@]}"})
    weights=${weights%/}/best_accuracy
    if [ ! -f "$weights.pdparams" ]; then
        weights=${weights%best_accuracy}latest
        note "there is no best_accuracy: what was trained last is taken"
    fi
    note "evaluating $weights"
    "$python" tools/eval.py -c "$config" \
        -o ${overrides[@]+"${overrides[@]}"} Global.checkpoints="$weights"
    note "exporting $weights"
    # a run that was gone on with began at other weights than it came to
    "$python" tools/export_model.py -c "$config" -o Global.export_onnx=true \
        ${overrides[@]+"${overrides[@]}"} Global.checkpoints=null Global.pretrained_model="$weights"
    note "ready after $((SECONDS / 60)) min $((SECONDS % 60)) s; weights: $weights"
}

# gpus: how many this paddle can use; says so when there are cards it cannot use
gpus() {
    local seen=0 usable
    if command -v nvidia-smi >/dev/null; then seen=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU' || true); fi
    usable=$("$python" -c 'import paddle; print(paddle.device.cuda.device_count() if paddle.is_compiled_with_cuda() else 0)' 2>/dev/null | tail -n 1)
    if [ "$seen" -gt 0 ] && [ "${usable:-0}" -eq 0 ]; then
        echo "this machine has $seen GPU(s), but the paddle in use is built for the CPU; README.md, \"Training on GPUs\"" >&2
    fi
    echo "${usable:-0}"
}

# setting KEY FILE OVERRIDE...: a value of Global as the commands see it
setting() {
    "$python" - "$@" <<'CODE'
import sys

sys.path.insert(0, ".")
from ppocr.config import load

key, file, *overrides = sys.argv[1:]
sys.stdout.write(str(load(file, overrides)["Global"].get(key) or "output"))
CODE
}

main "$@"
