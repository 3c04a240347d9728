// SPDX-License-Identifier: MIT
// The CPU backend against the reference on the case table.
#include "engine/backends/cpu/cpu_backend.h"
#include "tests/conformance/backend_conformance.h"

namespace facet::testing {

FACET_CONFORMANCE(Cpu, cpu_backend());

}  // namespace facet::testing
