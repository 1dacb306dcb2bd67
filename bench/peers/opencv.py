#!/usr/bin/env python3
"""OpenCV's inpainting as a row of an evaluation: Telea (2004) and Navier-Stokes (2001).

    apt-get install python3-opencv
    python3 bench/peers/opencv.py REPORT OUT

REPORT is the folder of a `palette evaluate`. For each of its conditions that has holes, OUT/telea and
OUT/navier-stokes get a picture for each degraded one; measure them with
`palette evaluate ... --others Telea=OUT/telea Navier-Stokes=OUT/navier-stokes`.
"""
import pathlib
import sys

import cv2

METHODS = {"telea": cv2.INPAINT_TELEA, "navier-stokes": cv2.INPAINT_NS}
# Pixels around a hole that are looked at: OpenCV's examples use 3.
RADIUS = 3


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: opencv.py REPORT OUT")
    report, out = map(pathlib.Path, sys.argv[1:])
    masks = sorted((report / "pictures").glob("*/mask"))
    if not masks:
        sys.exit(f"{report} holds no masks: run palette evaluate with inpaint or uncrop first")
    for folder in masks:
        condition = folder.parent
        pictures = sorted((condition / "degraded").glob("*.png"))
        for name, method in METHODS.items():
            into = out / name / condition.name
            into.mkdir(parents=True, exist_ok=True)
            for path in pictures:
                picture = cv2.imread(str(path))
                mask = cv2.imread(str(folder / path.name), cv2.IMREAD_GRAYSCALE)
                filled = cv2.inpaint(picture, mask, RADIUS, method)
                if not cv2.imwrite(str(into / path.name), filled):
                    sys.exit(f"cannot write {into / path.name}")
        print(f"{condition.name}: {len(pictures)} pictures", flush=True)


main()
