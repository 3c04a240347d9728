// SPDX-License-Identifier: MIT
// The bench without CLBlast.
#include "tests/bench/gpu_clblast.h"

namespace facet::bench {

Result<double> time_clblast(const gpu::opencl::DeviceInfo& /*device*/, int64_t /*m*/, int64_t /*n*/,
                            int64_t /*k*/) {
    return Error{ErrorCode::kUnsupported, "built without CLBlast (libclblast-dev)"};
}

}  // namespace facet::bench
