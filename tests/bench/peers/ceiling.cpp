// SPDX-License-Identifier: MIT
// oneDNN's matmul with packed weights.
#include "tests/bench/peers/ceiling.h"

#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

namespace facet::bench {
namespace {

// 3 MiB in f32: one core's caches hold it, and the panels are long enough to hide their edges.
constexpr dnnl::memory::dim kRows = 768, kSide = 512;

dnnl::matmul::primitive_desc describe(const dnnl::engine& engine, const dnnl::memory::desc& left,
                                      const dnnl::memory::desc& right,
                                      const dnnl::memory::desc& result) {
#if DNNL_VERSION_MAJOR >= 3
    return {engine, left, right, result};
#else
    return {dnnl::matmul::desc(left, right, result), engine};
#endif
}

}  // namespace

struct Ceiling::Product {
    int threads;
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    dnnl::memory left, right, result;
    dnnl::matmul matmul;
};

Ceiling::Ceiling(CeilingNumbers numbers, int threads)
    : product_(
          new Product{.threads = threads, .left = {}, .right = {}, .result = {}, .matmul = {}}) {
    using dnnl::memory;
    omp_set_num_threads(threads);
    const bool whole = numbers == CeilingNumbers::kInt8;
    const auto left_type = whole ? memory::data_type::u8 : memory::data_type::f32;
    const auto right_type = whole ? memory::data_type::s8 : memory::data_type::f32;
    const auto result_type = whole ? memory::data_type::s32 : memory::data_type::f32;
    const memory::desc left({kRows, kSide}, left_type, memory::format_tag::ab);
    const memory::desc right({kSide, kSide}, right_type, memory::format_tag::any);
    const memory::desc result({kRows, kSide}, result_type, memory::format_tag::ab);
    const auto description = describe(product_->engine, left, right, result);
    product_->left = memory(left, product_->engine);
    product_->right = memory(description.weights_desc(), product_->engine);
    product_->result = memory(result, product_->engine);
    for (const memory& operand : {product_->left, product_->right})
        std::fill_n(static_cast<char*>(operand.get_data_handle()), operand.get_desc().get_size(),
                    char{0});
    product_->matmul = dnnl::matmul(description);
}

Ceiling::~Ceiling() = default;

void Ceiling::run() {
    omp_set_num_threads(product_->threads);
    product_->matmul.execute(product_->stream, {{DNNL_ARG_SRC, product_->left},
                                                {DNNL_ARG_WEIGHTS, product_->right},
                                                {DNNL_ARG_DST, product_->result}});
    product_->stream.wait();
}

double Ceiling::operations() const {
    return 2.0 * kRows * kSide * kSide;
}

}  // namespace facet::bench
