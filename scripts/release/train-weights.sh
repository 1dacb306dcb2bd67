#!/usr/bin/env bash
# Trains the next bundled model, or goes on where it stopped: the same command again.
#   scripts/release/train-weights.sh RUN PHOTOS-OPEN CID22 LANDSCAPES [further options of palette train]
# ANNEAL is its number of images, FROM the model that it begins with; why so: docs/experiments/029.
# LANDSCAPES comes from `npm run landscapes -- LANDSCAPES`. Uses what `npm ci` has built.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=$1 open=$2 cid22=$3 landscapes=$4
shift 4
begin=()
[ -e "$run/checkpoint.safetensors" ] || begin=(--from "${FROM:-photos-64}")
exec nice -n 19 node dist/cli/main.js train "${begin[@]}" \
  --data "$open" "$cid22:2" "$landscapes:2.5" --weights scripts/data/photo-weights.txt \
  --crop-scale own..full --own-pixels dejpeg:0.6 --jpeg-quality wide --vary \
  --first-call dejpeg:0.5 --conditioning-dropout 0.1 --post-hoc-ema \
  --loss rms --lr 0.0003 --anneal "${ANNEAL:-100000}" --seed 2 \
  --held-out-every 10000 --samples-every 20000 --out "$run" "$@"
