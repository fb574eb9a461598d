"""Draw the pictures of the pages anew: `python docs/pictures`, or some of them by name."""

import argparse
from pathlib import Path

import diagnosis
import house
import nearly_equal
import peers
import reductions
import which_call
import zero_targets

FOLDER = Path(__file__).parent
# On a phone the site shows NAME.phone.svg in place of NAME.svg.
PICTURES = {
    "diagnose.png": diagnosis.draw,
    "diagnose.phone.png": diagnosis.draw_for_phones,
    "house.svg": house.draw,
    "house.phone.svg": house.draw_for_phones,
    "masks.svg": reductions.draw_masks,
    "masks.phone.svg": reductions.draw_masks_for_phones,
    "nearly_equal.svg": nearly_equal.draw,
    "peers.svg": peers.draw,
    "peers.phone.svg": peers.draw_for_phones,
    "reductions.svg": reductions.draw_reductions,
    "reductions.phone.svg": reductions.draw_reductions_for_phones,
    "which_call.svg": which_call.draw,
    "which_call.phone.svg": which_call.draw_for_phones,
    "zero_targets.svg": zero_targets.draw,
    "zero_targets.phone.svg": zero_targets.draw_for_phones,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PICTURES, []], metavar="NAME")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder to draw into")
    options = parser.parse_args()
    for name in options.names or PICTURES:
        PICTURES[name](options.output / name)
        print(options.output / name)
