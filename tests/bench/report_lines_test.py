#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/bench/peers/report*.py: which lines count, what follows from them, and where plots have lines."""
import json
import pathlib
import sys
import tempfile
import unittest
import xml.dom.minidom

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
from report_lines import Nets, read_lines  # noqa: E402
from report_plot import nice_step, plot  # noqa: E402

MACHINE = {"kind": "machine", "processors": 2, "load_average": 0.1}


def net(engine, rows, rate, precision="fp32", mode="wide"):
    return {"kind": "net", "model": "m", "precision": precision, "threads": 2, "rows": rows,
            "engine": engine, "mode": mode, "best_s": rows / rate}


def read(*lines):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "lines.json")
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return read_lines(path)


class ReportLines(unittest.TestCase):
    def test_a_later_run_replaces_a_setting_with_all_who_ran_it(self):
        nets = Nets(read(MACHINE, net("facet", 1, 200), net("onnxruntime", 1, 100), net("facet", 2, 50),
                         MACHINE, net("facet", 1, 100), net("onnxruntime", 1, 100)))
        self.assertAlmostEqual(nets.ratios("fp32", "onnxruntime")["m", "fp32", 2, 1], 1)
        self.assertAlmostEqual(nets.rates["m", "fp32", 2, 2]["facet"], 50)

    def test_the_better_of_wide_and_narrow_counts_for_either_side(self):
        nets = Nets(read(MACHINE, net("facet", 4, 100), net("facet", 4, 150, mode="narrow"),
                         net("onnxruntime", 4, 120), net("onnxruntime", 4, 90, mode="narrow")))
        self.assertAlmostEqual(nets.ratios("fp32", "onnxruntime")["m", "fp32", 2, 4], 1.25)
        self.assertEqual(nets.ways[("m", "fp32", 2, 4), "facet"], "narrow")

    def test_int8_is_compared_with_floats_of_the_same_size(self):
        nets = Nets(read(MACHINE, net("facet", 1, 10), net("facet", 8, 20), net("facet", 1, 30, "int8"),
                         net("facet", 8, 80, "int8")))
        self.assertAlmostEqual(nets.int8_gains(8)["m", "int8", 2, 8], 4)
        self.assertEqual(len(nets.int8_gains(8)), 1)

    def test_a_dent_is_slower_than_both_neighbours(self):
        nets = Nets(read(MACHINE, *(net("facet", n, rate) for n, rate in
                                    ((1, 50), (2, 100), (3, 80), (4, 120), (5, 115), (6, 130)))))
        (setting, share), = nets.dents()
        self.assertEqual(setting[3], 3)
        self.assertAlmostEqual(share, 0.8)

    def test_plots_have_four_to_eight_lines_whatever_their_height(self):
        for top in (0.95, 1, 1.9, 2.1, 4.5, 7.9, 8.3, 9.9, 10, 83, 12345):
            self.assertLessEqual(top / nice_step(top), 8, top)
            self.assertGreater(top / nice_step(top), 3, top)

    def test_a_plot_has_a_line_for_each_engine(self):
        nets = Nets(read(MACHINE, net("facet", 1, 90), net("facet", 4, 95), net("onnxruntime", 1, 20),
                         net("onnxruntime", 4, 25), {"kind": "model", "model": "m", "precision": "fp32",
                                                     "gflop": 1.0},
                         {"kind": "ceiling", "model": "m", "precision": "fp32", "threads": 2,
                          "gflops": 100}))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "plot.svg")
            plot(nets, ("m", "fp32", 2), path)
            picture = xml.dom.minidom.parse(str(path))
        self.assertEqual(len(picture.getElementsByTagName("polyline")), 3)
        self.assertEqual(len(picture.getElementsByTagName("circle")), 4)


if __name__ == "__main__":
    unittest.main()
