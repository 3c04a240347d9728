// SPDX-License-Identifier: MIT
// Made-up rows, batches of several sizes, and the comparison.
#include "engine/backends/row_check.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "engine/base/log.h"

namespace facet {

namespace {

constexpr float kRounding = 1e-5f;
constexpr float kMixing = 0.25f;

// Pixel `index` of row `row`: noise of a strength and about a level of the row's own, so that no
// two rows look alike to a model.
uint8_t pixel(uint32_t row, uint32_t index) {
    uint32_t bits = (index + 1) * 2654435761u ^ (row + 1) * 40503u;
    bits ^= bits >> 15;
    bits *= 2246822519u;
    bits ^= bits >> 13;
    const uint32_t level = (row * 67 + 31) % 160;
    return static_cast<uint8_t>(level + bits % (1 + (row * 29 + 95) % 96));
}

void fill_row(const MutableTensorView& input, const Shape& row_shape, int at, uint32_t row) {
    const int64_t elements = row_shape.elements();
    for (int64_t i = 0; i < elements; ++i) {
        const uint8_t value = pixel(row, static_cast<uint32_t>(i));
        if (input.type == DataType::kU8)
            input.as<uint8_t>()[at * elements + i] = value;
        else
            input.as<float>()[at * elements + i] = value;
    }
}

// Every output's row `at`, one after the other.
std::vector<std::vector<float>> rows_at(const CompiledModel& model, const InferRequest& request,
                                        int at) {
    std::vector<std::vector<float>> rows;
    for (size_t port = 0; port < model.outputs().size(); ++port) {
        const int64_t elements = model.outputs()[port].row_shape.elements();
        if (model.outputs()[port].type != DataType::kF32) {
            rows.emplace_back();
            continue;
        }
        const auto values = request.output(port).as<float>().subspan(at * elements, elements);
        rows.emplace_back(values.begin(), values.end());
    }
    return rows;
}

// The largest difference as a share of the largest value of `alone`.
float difference(const std::vector<float>& batched, const std::vector<float>& alone) {
    float largest = 0, apart = 0;
    for (size_t i = 0; i < alone.size(); ++i) {
        largest = std::max(largest, std::fabs(alone[i]));
        // Written so that a NaN on one side counts as a difference.
        if (!(std::fabs(batched[i] - alone[i]) <= apart)) apart = std::fabs(batched[i] - alone[i]);
    }
    if (std::isnan(apart)) return std::isnan(largest) ? 0 : kMixing * 2;
    return largest > 0 ? apart / largest : apart;
}

class RowCheck {
  public:
    RowCheck(CompiledModel& model, const RowCheckOptions& options, InferRequest& request)
        : model_(model), options_(options), request_(request) {}

    Result<void> compare_at(int rows) {
        FACET_ASSIGN(const auto first_alone, alone(0));
        FACET_ASSIGN(const auto last_alone, alone(rows - 1));
        for (int row = 0; row < rows; ++row) fill(row, static_cast<uint32_t>(row));
        FACET_TRY(request_.infer(rows));
        FACET_TRY(judge(rows, 0, first_alone));
        return judge(rows, rows - 1, last_alone);
    }

  private:
    void fill(int at, uint32_t row) {
        for (size_t port = 0; port < model_.inputs().size(); ++port)
            fill_row(request_.input(port), model_.inputs()[port].row_shape, at, row);
    }

    Result<std::vector<std::vector<float>>> alone(int row) {
        fill(0, static_cast<uint32_t>(row));
        FACET_TRY(request_.infer(1));
        return rows_at(model_, request_, 0);
    }

    Result<void> judge(int rows, int row, const std::vector<std::vector<float>>& expected) const {
        const std::vector<std::vector<float>> found = rows_at(model_, request_, row);
        for (size_t port = 0; port < found.size(); ++port) {
            const std::string& name = model_.outputs()[port].name;
            const bool lists = std::ranges::count(options_.listing_outputs, name) > 0;
            if (lists && row > 0) continue;
            const float apart = difference(found[port], expected[port]);
            if (apart <= kRounding) continue;
            const std::string finding = "output '" + name + "': row " + std::to_string(row) +
                                        " of a batch of " + std::to_string(rows) +
                                        " differs from the same row alone by " +
                                        std::to_string(apart) + " of its largest value";
            if (apart > kMixing && !lists) return Error{ErrorCode::kDevice, finding};
            log(LogLevel::kWarning, finding);
        }
        return {};
    }

    CompiledModel& model_;
    const RowCheckOptions& options_;
    InferRequest& request_;
};

}  // namespace

Result<void> check_rows(CompiledModel& model, const RowCheckOptions& options) {
    if (model.max_batch() == 1) return {};
    FACET_ASSIGN(const std::unique_ptr<InferRequest> request, model.create_request());
    const Time end = steady_clock().now() + options.budget;
    RowCheck check(model, options, *request);
    FACET_TRY(check.compare_at(model.max_batch()));
    for (int rows = 2, next = 3; rows < model.max_batch();
         rows = std::exchange(next, rows + next)) {
        if (steady_clock().now() >= end) break;
        FACET_TRY(check.compare_at(rows));
    }
    return {};
}

}  // namespace facet
