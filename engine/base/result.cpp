// SPDX-License-Identifier: MIT
// The words of the error codes.
#include "engine/base/result.h"

namespace facet {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidArgument:
            return "Invalid argument";
        case ErrorCode::kNotFound:
            return "Not found";
        case ErrorCode::kUnsupported:
            return "Unsupported";
        case ErrorCode::kCorrupt:
            return "Corrupt";
        case ErrorCode::kIo:
            return "I/O error";
        case ErrorCode::kOutOfMemory:
            return "Out of memory";
        case ErrorCode::kDevice:
            return "Device error";
        case ErrorCode::kCancelled:
            return "Cancelled";
        case ErrorCode::kOverload:
            return "Overload";
        case ErrorCode::kInternal:
            return "Internal error";
    }
    return "Error";
}

}  // namespace facet
