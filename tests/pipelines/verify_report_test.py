#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pipelines/apps/verify_report.py: sums and figures of reports made by hand."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "pipelines" / "apps"))
import verify_report  # noqa: E402


def tally(of, found, mood):
    return {"found": {"of": of, "right": found}, "gender": {"of": found, "right": found},
            "mood": {"of": found, "right": mood}, "age": {"of": found, "error": 2.5 * found}}


def counts(of, found, mood, invented, tone):
    return {"found": found, "invented": invented, "all": tally(of, found, mood),
            "groups": {"skin_tone": {tone: tally(of, found, mood)}}}


class VerifyReport(unittest.TestCase):
    def setUp(self):
        self.total = verify_report.add_all([counts(300, 300, 300, 5, "0"),
                                            counts(300, 270, 216, 3, "4")])

    def test_streams_add_up_and_groups_of_one_stream_stay(self):
        self.assertEqual(self.total["all"]["found"], {"of": 600, "right": 570})
        self.assertEqual(self.total["groups"]["skin_tone"]["4"]["mood"], {"of": 270, "right": 216})

    def test_figures_are_those_of_the_sums(self):
        figures = verify_report.figures(self.total)
        self.assertAlmostEqual(figures["recall"], 570 / 600)
        self.assertAlmostEqual(figures["precision"], 570 / 578)
        self.assertAlmostEqual(figures["mood"], 516 / 570)
        self.assertAlmostEqual(figures["age_mae"], 2.5)
        points, group = verify_report.worst_group(self.total)
        self.assertEqual(group, "skin_tone 4: mood")
        self.assertAlmostEqual(points, 100 * (516 / 570 - 216 / 270))

    def test_nothing_found_has_no_accuracy(self):
        figures = verify_report.figures(counts(10, 0, 0, 0, "1"))
        self.assertEqual(figures["recall"], 0)
        self.assertIsNone(figures["precision"])
        self.assertIsNone(figures["mood"])
        self.assertIsNone(figures["worst_group_gap"])

    def test_what_falls_short_is_named_and_what_is_unknown_falls_short(self):
        reached = {"recall": 0.98, "mood": 0.9699, "gender": None, "age_mae": 3.2}
        self.assertEqual(verify_report.shortfalls(reached, reached),
                         ["mood is 0.9699, less than 0.97", "gender is unknown, less than 0.97",
                          "age_mae is 3.2000, more than 3"])


if __name__ == "__main__":
    unittest.main()
