"""Pairs of runs over a few vectors, and how far they are apart."""

from click.testing import CliRunner
from conformance_runs import report_of

from kldiv_conformance.__main__ import main
from kldiv_conformance._agreement import agreements
from kldiv_conformance._vectors import vectors
from kldiv_xp import kl_div

ORDINARY = [vector.id for vector in vectors("ordinary")[:12]]


def wrong(input, target, *, reduction, log_target):
    return 2 * kl_div(input, target, reduction=reduction, log_target=log_target)


def pair(left, right, identifiers=ORDINARY, others=None):
    reports = [
        report_of("left", {"numpy": left}, identifiers),
        report_of("right", {"numpy": right}, others or identifiers),
    ]
    (found,) = agreements(reports)
    return found


def compare(*arguments):
    done = CliRunner().invoke(main, ["compare", *arguments])
    return done.exit_code, done.output
