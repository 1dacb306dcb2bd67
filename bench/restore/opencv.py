#!/usr/bin/env python3
"""OpenCV's inpainting of one picture: opencv.py telea|navier-stokes PICTURE MASK OUT.

Prints a JSON object: the seconds of the call alone, and the peak memory of the process in bytes.
"""
import json
import resource
import sys
import time

import cv2

METHODS = {"telea": cv2.INPAINT_TELEA, "navier-stokes": cv2.INPAINT_NS}
# Pixels around a hole that are looked at: OpenCV's examples use 3.
RADIUS = 3

method, picture, mask, out = sys.argv[1:]
pixels = cv2.imread(picture)
hole = cv2.imread(mask, cv2.IMREAD_GRAYSCALE)
start = time.perf_counter()
filled = cv2.inpaint(pixels, hole, RADIUS, METHODS[method])
seconds = time.perf_counter() - start
if not cv2.imwrite(out, filled):
    sys.exit(f"cannot write {out}")
print(json.dumps({"seconds": seconds, "bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
