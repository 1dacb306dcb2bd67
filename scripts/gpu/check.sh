#!/usr/bin/env bash
# What this machine's GPU does, in one command: the devices, whether a GPU computes what the
# processor does, and a table of its speed. Needs Node, node_modules (npm ci) and, on Linux, a
# Vulkan driver with libvulkan1. Writes gpu-check.txt (or the file that is named).
#
#   scripts/gpu/check.sh [report.txt] [folder of photos]
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
report=${1:-gpu-check.txt}
photos=${2:-}

failed=0
part() {
  printf '\n== %s\n' "$1"
  shift
  "$@" || { failed=1; printf '== failed\n'; }
}
everything() {
  date
  part "devices" npx tsx src/cli/main.ts doctor
  part "devices, with small-64" npx tsx src/cli/main.ts doctor --preset small-64 --batch 16
  part "a GPU's numbers and the processor's" \
    env PALETTE_GPU_TESTS=1 CI=1 npx vitest run test/runtime/webgpu.test.ts
  part "speed" npx tsx bench/gpu/throughput.ts ${photos:+--data "$photos"}
  return "$failed"
}
everything 2>&1 | tee "$report"
exit "${PIPESTATUS[0]}"
