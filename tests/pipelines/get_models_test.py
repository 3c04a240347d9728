#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pipelines/models/get against mirrors of made-up models, and of FACET_DATA's where that is set.

No network: mirrors are folders and a server on this machine that can break off in the middle.
"""
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GET = ROOT / "pipelines" / "models" / "get"
WEIGHTS = bytes(range(256)) * 4000
OLD, NEW = b"<net old/>", b"<net newer/>"


def entry(name, content, kind="sha256"):
    return {"name": name, "size": len(content), kind: hashlib.new(kind, content).hexdigest()}


class Breaking(http.server.BaseHTTPRequestHandler):
    """Serves `content`, at most `most` bytes at a time; keeps the Range headers it got."""
    content, most, ranges = b"", 0, []

    def do_GET(self):
        wanted = self.headers.get("Range")
        Breaking.ranges.append(wanted)
        start = int(wanted.split("=")[1].rstrip("-")) if wanted else 0
        body = self.content[self.path.rsplit("/", 1)[1]][start:]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:self.most])

    def log_message(self, *_):
        pass


class GetModels(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.mirror = self.folder / "mirror" / "eyes" / "FP32"
        self.mirror.mkdir(parents=True)
        (self.mirror / "eyes.xml").write_bytes(OLD)
        (self.mirror / "eyes.bin").write_bytes(WEIGHTS)
        self.write_manifest([
            {"from": "http://127.0.0.1:9/", "tested": True,
             "files": [entry("eyes.xml", OLD), entry("eyes.bin", WEIGHTS)]},
            {"from": "http://127.0.0.1:9/", "tested": False,
             "files": [entry("eyes.xml", NEW, "sha384"), entry("eyes.bin", WEIGHTS, "sha384")]}])

    def write_manifest(self, releases):
        manifest = {"models": {"eyes": {"licence": "MIT", "origin": "here", "default": "FP32",
                                        "precisions": {"FP32": releases}}}}
        (self.folder / "downloads.json").write_text(json.dumps(manifest))

    def command(self, *arguments, mirror=None):
        mirror = mirror or (self.folder / "mirror").as_uri()
        return [sys.executable, str(GET), "--manifest", str(self.folder / "downloads.json"),
                "--mirror", mirror, *arguments]

    def environment(self):
        return {**os.environ, "XDG_DATA_HOME": str(self.folder / "home")}

    def get(self, *arguments, mirror=None):
        return subprocess.run(self.command(*arguments, mirror=mirror), env=self.environment(),
                              capture_output=True, text=True, timeout=60)

    @property
    def installed(self):
        return self.folder / "home" / "facet" / "models" / "eyes" / "FP32"

    def parts(self):
        return [path for path in (self.folder / "home").rglob("*.part") if path.is_file()]

    def assert_installed(self, structure=OLD):
        self.assertEqual((self.installed / "eyes.xml").read_bytes(), structure)
        self.assertEqual((self.installed / "eyes.bin").read_bytes(), WEIGHTS)
        self.assertEqual(self.parts(), [])

    def test_installs_where_bare_names_are_looked_for(self):
        done = self.get("eyes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_installed()
        self.assertIn("eyes.bin", done.stdout)

    def test_what_is_installed_is_not_fetched_again(self):
        self.get("eyes")
        shutil.rmtree(self.folder / "mirror")
        done = self.get("eyes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("installed already", done.stdout)

    def test_a_damaged_model_is_replaced(self):
        self.get("eyes")
        (self.installed / "eyes.bin").write_bytes(WEIGHTS[:-1] + b"x")
        self.assertEqual(self.get("eyes").returncode, 0)
        self.assert_installed()

    def test_a_truncated_file_is_not_installed(self):
        (self.mirror / "eyes.bin").write_bytes(WEIGHTS[:-1])
        done = self.get("eyes")
        self.assertEqual(done.returncode, 1)
        self.assertIn("%d bytes, not %d" % (len(WEIGHTS) - 1, len(WEIGHTS)), done.stderr)
        self.assertFalse(self.installed.exists())

    def test_wrong_bytes_of_the_right_size_are_not_installed_nor_kept(self):
        (self.mirror / "eyes.bin").write_bytes(WEIGHTS[:-1] + b"x")
        done = self.get("eyes")
        self.assertEqual(done.returncode, 1)
        self.assertIn("checksum", done.stderr)
        self.assertFalse(self.installed.exists())
        self.assertFalse([part for part in self.parts() if part.name.startswith("eyes.bin")])

    def test_a_missing_file_leaves_nothing_that_could_be_used(self):
        (self.mirror / "eyes.bin").unlink()
        done = self.get("eyes")
        self.assertEqual(done.returncode, 1)
        self.assertIn("eyes.bin", done.stderr)
        self.assertFalse(self.installed.exists())

    def test_another_release_is_taken_where_the_first_is_not_to_be_had(self):
        (self.mirror / "eyes.xml").write_bytes(NEW)
        done = self.get("eyes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_installed(NEW)
        self.assertIn("a release that Facet's tests have not run", done.stdout)

    def test_goes_on_where_the_connection_broke_off(self):
        Breaking.content = {"eyes.xml": OLD, "eyes.bin": WEIGHTS}
        Breaking.most, Breaking.ranges = 300_000, []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Breaking)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        mirror = "http://127.0.0.1:%d" % server.server_address[1]
        first = self.get("eyes", mirror=mirror)  # three attempts of 300,000 bytes of 1,024,000
        self.assertEqual(first.returncode, 1)
        self.assertIn("900000 of 1024000 bytes", first.stderr)
        self.assertFalse(self.installed.exists())
        second = self.get("eyes", mirror=mirror)
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assert_installed()
        self.assertIn("bytes=900000-", Breaking.ranges)
        self.assertIn("900000 bytes from before", second.stdout)

    def test_runs_at_the_same_time_do_not_disturb_each_other(self):
        runs = [subprocess.Popen(self.command("eyes"), env=self.environment(),
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for _ in range(4)]
        outputs = [run.communicate(timeout=60) for run in runs]
        self.assertEqual([run.returncode for run in runs], [0] * 4, outputs)
        self.assertEqual(sum("installed already" in out for out, _ in outputs), 3, outputs)
        self.assert_installed()

    def test_an_unknown_name_and_precision_say_what_there_is(self):
        done = self.get("ears")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no such model: ears; there are eyes", done.stderr)
        done = self.get("eyes", "--precision", "FP8")
        self.assertEqual(done.returncode, 2)
        self.assertIn("eyes comes as FP32, not as FP8", done.stderr)

    def test_a_mirror_that_does_not_answer_is_named(self):
        done = self.get("eyes", mirror="http://127.0.0.1:9")
        self.assertEqual(done.returncode, 1)
        self.assertIn("http://127.0.0.1:9/eyes/FP32/eyes.xml", done.stderr)

    @unittest.skipUnless(os.environ.get("FACET_DATA"), "needs FACET_DATA")
    def test_the_manifest_knows_the_files_that_the_tests_run(self):
        data = pathlib.Path(os.environ["FACET_DATA"], "models").resolve()
        models = json.loads((GET.parent / "downloads.json").read_text())["models"]
        for name, model in models.items():
            target = self.folder / "mirror" / name / model["default"]
            ultraface = data / "ultraface" / (name + ".onnx")
            if ultraface.is_file():
                target.mkdir(parents=True)
                (target / ultraface.name).symlink_to(ultraface)
            else:
                target.parent.mkdir(parents=True)
                target.symlink_to(data / name / model["default"])
        done = subprocess.run([sys.executable, str(GET), "--mirror",
                               (self.folder / "mirror").as_uri(), *models],
                              env=self.environment(), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("have not run", done.stdout)


if __name__ == "__main__":
    unittest.main()
