// SPDX-License-Identifier: MIT
// A shared library that stands before the OpenCL loader: counts calls and live objects, and makes
// calls fail. A test that links it before the loader gets it in all code of its process.
#pragma once

#include <cstdint>
#include <string>

namespace facet::testing::opencl_faults {

#define FACET_TEST_EXPORT __attribute__((visibility("default")))

enum class Fault {
    // One call fails as it does for want of memory or resources; a wait says that its command did.
    kOnce,
    // That call and all after it fail, as when the card fell off the bus. Releases still work.
    kLost,
};

// From now on the `nth` call (1 is the next) fails. Releases neither count nor fail.
FACET_TEST_EXPORT void fail_at(uint64_t nth, Fault fault);
// No call fails any more.
FACET_TEST_EXPORT void recover();
// Calls since the last fail_at() or recover().
FACET_TEST_EXPORT uint64_t calls();
// The call that failed first since the last fail_at(), "clCreateBuffer"; empty: none has.
FACET_TEST_EXPORT std::string failed_call();
// Failures since the last fail_at().
FACET_TEST_EXPORT uint64_t failures();
// References held to contexts, queues, buffers, programs, kernels and events, e.g.
// "2 buffers, 1 context"; empty: none.
FACET_TEST_EXPORT std::string live_objects();

}  // namespace facet::testing::opencl_faults
