// SPDX-License-Identifier: MIT
// From planned steps to kernels: one function per family of operations.
#pragma once

#include "engine/backends/gpu/program_builder.h"

namespace facet::gpu {

// Appends what computes `step` and defines its outputs. Errors do not name the node yet.
[[nodiscard]] Result<void> lower_step(ProgramBuilder& builder, const PlannedStep& step);

[[nodiscard]] Result<void> lower_convolution(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_transposed_convolution(ProgramBuilder& builder,
                                                        const PlannedStep& step);
[[nodiscard]] Result<void> lower_matmul(ProgramBuilder& builder, const PlannedStep& step);
// A matrix [rows, k] per row of the batch times constant weights.
struct Product {
    int64_t rows = 1;
    int64_t columns = 1, k = 1;
    bool transposed = false;  // weights lie as [columns][k]
};
// The step's node has the matrix as its first input, the weights as its second.
void lower_product(ProgramBuilder& builder, const PlannedStep& step, const Product& product);
[[nodiscard]] Result<void> lower_pooling(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_reduce(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_softmax(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_local_response_norm(ProgramBuilder& builder,
                                                     const PlannedStep& step);
[[nodiscard]] Result<void> lower_instance_norm(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_element_wise(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_convert(ProgramBuilder& builder, const PlannedStep& step);
// Every operation whose results are elements of its first input, or one constant.
[[nodiscard]] Result<void> lower_moved(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_concat(ProgramBuilder& builder, const PlannedStep& step);
[[nodiscard]] Result<void> lower_resize(ProgramBuilder& builder, const PlannedStep& step);
// The reference backend's loops between two transfers.
[[nodiscard]] Result<void> lower_on_host(ProgramBuilder& builder, const PlannedStep& step);

// Appends a kernel that copies the elements of `item` from one view to another.
void add_copy(ProgramBuilder& builder, const View& from, const Shape& item, const View& to,
              bool batched);

// Group sizes of kernels with one work item per result.
constexpr size_t kGroup = 64;
[[nodiscard]] opencl::WorkSize linear_work(int64_t items);
// A step of one kernel with `items` work items per row in groups of kGroup.
[[nodiscard]] KernelStep linear_step(std::string kernel, std::vector<BufferId> arguments,
                                     int64_t items, bool batched);

// X_TYPE, X_LOAD, X_BITS for operand `prefix` ("X", "W") read in `storage`.
void define_operand(KernelSpec& spec, const std::string& prefix, Storage storage);
// Y_TYPE, Y_STORE.
void define_result(KernelSpec& spec, Storage storage);
// "i / 12 % 7": the channel (axis 1) of element i; "0" below two axes.
[[nodiscard]] std::string channel_text(const Shape& item, const std::string& index);

}  // namespace facet::gpu
