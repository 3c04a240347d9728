// SPDX-License-Identifier: MIT
// What there is to say of a device before anything runs on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/precision.h"

namespace facet {

struct DeviceDescription {
    std::string name;      // as the setting `device` spells it; empty: refused
    std::string refused;   // why it is not used; empty: it is
    std::string hardware;  // "NVIDIA H200"
    std::string vendor;
    std::string software;         // "OpenCL 3.0 CUDA, driver 550.54"
    uint64_t memory = 0;          // bytes; 0: not known
    uint64_t local_memory = 0;    // bytes that a work group shares; 0: no such thing
    uint32_t compute_units = 0;   // of a CPU: threads
    uint32_t clock_mhz = 0;       // 0: not known
    uint64_t max_work_group = 0;  // work items; 0: no such thing
    std::vector<Precision> precisions;
    std::string matrix_unit = {};  // of a GPU: what it multiplies with, or why not; empty: no word
};

}  // namespace facet
