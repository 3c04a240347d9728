# SPDX-License-Identifier: MIT
"""Writes the .cl files as strings of a C++ file: embed.py OUTPUT FILE.cl ..."""

import pathlib
import sys

output, files = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
lines = ['// Written by embed.py.', '#include "engine/backends/gpu/kernel_source.h"', '',
         'namespace facet::gpu {', '',
         'std::string_view kernel_text(std::string_view name) {']
for file in files:
    lines.append(f'    if (name == "{file.stem}") return R"cl({file.read_text()})cl";')
lines += ['    return {};', '}', '', '}  // namespace facet::gpu', '']
output.write_text('\n'.join(lines))
