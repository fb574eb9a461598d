"""Draw the pictures of the pages anew: `python docs/pictures`, or some of them by name."""

import argparse
from pathlib import Path

from diagnosis import draw as diagnose
from house import draw as house
from nearly_equal import draw as nearly_equal
from peers import draw as peers
from reductions import draw_masks as masks
from reductions import draw_reductions as reductions
from which_call import draw as which_call
from zero_targets import draw as zero_targets

FOLDER = Path(__file__).parent
PICTURES = {
    "diagnose.png": diagnose,
    "house.svg": house,
    "masks.svg": masks,
    "nearly_equal.svg": nearly_equal,
    "peers.svg": peers,
    "reductions.svg": reductions,
    "which_call.svg": which_call,
    "zero_targets.svg": zero_targets,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PICTURES, []], metavar="NAME")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder to draw into")
    options = parser.parse_args()
    for name in options.names or PICTURES:
        PICTURES[name](options.output / name)
        print(options.output / name)
