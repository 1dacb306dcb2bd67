#!/usr/bin/env bash
# Measures weights before they are bundled, beside what they have to beat; the same command goes on.
#   scripts/release/measure-weights.sh OUT MODEL BEFORE REGRESSION PHOTOS-OPEN CID22 LANDSCAPES
# MODEL, BEFORE (the weights bundled before) and REGRESSION are folders or names of models.
# Needs python3-opencv, and what `npm ci` has built. CROPS and REPLICATES make it shorter.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$1 model=$2 before=$3 regression=$4 open=$5 cid22=$6 landscapes=$7
crops=${CROPS:-500} replicates=${REPLICATES:-50}

palette() { nice -n 19 node dist/cli/main.js "$@"; }
evaluate() {
  palette evaluate --model "$model" "$before" "$regression" --hold-out every:7:1 --crops "$crops" \
    --samples 1 --replicates "$replicates" --steps own "$@"
}
varied() {
  evaluate --data "$open" "$cid22" --crop-scale own..full --masks freeform-20-30,center \
    -o "$out/varied" "$@"
}

# Varied photos at every scale, and OpenCV's fillings of the same holes.
if ! [ -e "$out/opencv/done" ]; then
  varied --replicates 0
  python3 bench/peers/opencv.py "$out/varied" "$out/opencv"
  touch "$out/opencv/done"
fi
varied --others "Telea=$out/opencv/telea" "Navier-Stokes=$out/opencv/navier-stokes"

# The landscapes, as they were measured before.
evaluate --data "$landscapes" --masks center --tasks colorize,inpaint,uncrop,dejpeg -o "$out/landscapes"

# Whole pictures at their own pixels: JPEGs by PSNR and by FID of tiles, then borders of fillings.
npx tsx bench/dejpeg.ts "$cid22" --model "$model" --photos 24 --side 512 --qualities 10 \
  --ways 2@192/16,mean@192/16 --tiles "$out/tiles" | tee "$out/dejpeg.md"
set="$(basename "$cid22")"
for answers in jpeg "2@192-16" "mean@192-16"; do
  palette fid "$out/tiles/$set/10/$answers" "$out/tiles/$set/10/truth" | tee "$out/fid-$answers.txt"
done
npx tsx bench/borders.ts "$open" "$cid22" --model "$model" --photos 24 --ways soft,4 \
  | tee "$out/borders.md"
