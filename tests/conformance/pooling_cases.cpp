// SPDX-License-Identifier: MIT
// Pooling, reductions, softmax and resizing.
#include "tests/conformance/case_lists.h"

namespace facet::testing {

namespace {

OpCase unary(const std::string& name, const Shape& shape, const OpParams& params) {
    return make_case(name,
                     [=](CaseBuilder& b) { return std::vector{b.node(params, {b.input(shape)})}; });
}

PoolingParams pool(PoolingParams::Kind kind, int64_t kernel, int64_t stride, int64_t pad) {
    PoolingParams params;
    params.kind = kind;
    params.kernel = {kernel, kernel};
    params.strides = {stride, stride};
    params.pads_begin = params.pads_end = {pad, pad};
    return params;
}

void append_resize_cases(OpCases& cases) {
    using Coordinates = ResizeParams::Coordinates;
    const std::pair<const char*, Coordinates> coordinates[] = {
        {"half_pixel", Coordinates::kHalfPixel},
        {"pytorch_half_pixel", Coordinates::kPytorchHalfPixel},
        {"align_corners", Coordinates::kAlignCorners},
        {"asymmetric", Coordinates::kAsymmetric},
        {"tf_half_pixel_for_nn", Coordinates::kTfHalfPixelForNn},
    };
    const std::pair<const char*, ResizeParams::Mode> modes[] = {
        {"_nearest_", ResizeParams::Mode::kNearest},
        {"_linear_", ResizeParams::Mode::kLinear},
        {"_cubic_", ResizeParams::Mode::kCubic},
    };
    for (const auto& [name, coordinate] : coordinates) {
        for (const auto& [mode_name, mode] : modes) {
            ResizeParams params;
            params.mode = mode;
            params.coordinates = coordinate;
            params.rounding = ResizeParams::Rounding::kFloor;
            const std::string suffix = std::string(mode_name) + name;
            cases.push_back(make_case("resize_up" + suffix, [params](CaseBuilder& b) {
                const ValueId x = b.input({1, 7, 3, 5});
                return std::vector{b.node(params, {x, b.integers({1, 7, 6, 13})})};
            }));
            cases.push_back(make_case("resize_down" + suffix, [params](CaseBuilder& b) {
                const ValueId x = b.input({1, 3, 9, 8});
                return std::vector{b.node(params, {x, b.integers({1, 3, 4, 8})})};
            }));
        }
    }
    cases.push_back(make_case("resize_crop", [](CaseBuilder& b) {
        ResizeParams params;
        params.mode = ResizeParams::Mode::kLinear;
        params.coordinates = ResizeParams::Coordinates::kCropAndResize;
        params.region = {0.0f, 0.0f, 0.4f, -0.2f, 1.0f, 1.0f, 0.6f, 1.1f};
        params.outside = 3.0f;
        return std::vector{b.node(params, {b.input({1, 3, 6, 5}), b.integers({1, 3, 4, 7})})};
    }));
    cases.push_back(make_case("resize_by_scales", [](CaseBuilder& b) {
        ResizeParams params;
        params.by_scales = true;
        params.coordinates = ResizeParams::Coordinates::kAsymmetric;
        const ValueId scales = b.floats({4}, {1.0f, 1.0f, 2.0f, 2.0f});
        return std::vector{b.node(params, {b.input({1, 5, 4, 3}), scales})};
    }));
}

}  // namespace

void append_pooling_cases(OpCases& cases) {
    using Pool = PoolingParams::Kind;
    const PoolingParams max3 = pool(Pool::kMax, 3, 2, 0);
    PoolingParams ceil3 = max3;
    ceil3.ceil_mode = true;
    cases.push_back(unary("max_pool_2x2", {1, 7, 6, 8}, pool(Pool::kMax, 2, 2, 0)));
    cases.push_back(unary("max_pool_3x3_floor", {1, 17, 8, 10}, max3));
    cases.push_back(unary("max_pool_3x3_ceil", {1, 17, 8, 10}, ceil3));
    cases.push_back(unary("max_pool_3x3_pad1", {1, 16, 9, 7}, pool(Pool::kMax, 3, 1, 1)));
    PoolingParams average = pool(Pool::kAverage, 3, 2, 1);
    cases.push_back(unary("average_pool_without_padding_counted", {1, 7, 9, 10}, average));
    average.count_include_pad = true;
    cases.push_back(unary("average_pool_with_padding_counted", {1, 7, 9, 9}, average));
    cases.push_back(
        unary("average_pool_whole_image", {1, 17, 7, 7}, pool(Pool::kAverage, 7, 1, 0)));
    PoolingParams ceil_average = pool(Pool::kAverage, 3, 2, 0);
    ceil_average.ceil_mode = true;
    cases.push_back(unary("average_pool_ceil", {1, 8, 8, 10}, ceil_average));
    ceil_average.pads_begin = {1, 0};
    ceil_average.count_include_pad = true;
    cases.push_back(unary("average_pool_ceil_with_padding_counted", {1, 8, 7, 10}, ceil_average));

    VolumePoolingParams volume;
    volume.kernel = {2, 3, 2};
    volume.strides = {1, 2, 2};
    volume.pads_begin = {0, 1, 0};
    volume.ceil_mode = true;
    cases.push_back(unary("max_pool_of_volumes", {1, 3, 4, 7, 5}, volume));
    volume.kind = Pool::kAverage;
    cases.push_back(unary("average_pool_of_volumes", {1, 3, 4, 7, 5}, volume));

    using Reduce = ReduceParams::Kind;
    cases.push_back(
        unary("global_average", {1, 17, 5, 7}, ReduceParams{Reduce::kMean, {}, true, true}));
    cases.push_back(
        unary("global_maximum", {1, 7, 5, 7}, ReduceParams{Reduce::kMax, {}, true, true}));
    cases.push_back(
        unary("reduce_mean_spatial", {1, 7, 3, 5}, ReduceParams{Reduce::kMean, {2, 3}, false}));
    cases.push_back(unary("reduce_sum_channels", {1, 7, 3, 5}, ReduceParams{Reduce::kSum, {1}}));
    cases.push_back(
        unary("reduce_max_last", {1, 7, 3, 5}, ReduceParams{Reduce::kMax, {-1}, false}));
    cases.push_back(
        unary("reduce_min_two_apart", {1, 7, 3, 5}, ReduceParams{Reduce::kMin, {1, 3}}));

    cases.push_back(unary("reduce_l2_channels", {1, 7, 3, 5}, ReduceParams{Reduce::kL2, {1}}));
    cases.push_back(
        unary("reduce_l1_spatial", {1, 7, 3, 5}, ReduceParams{Reduce::kL1, {}, true, true}));
    cases.push_back(
        unary("reduce_log_sum_exp", {1, 7, 3, 5}, ReduceParams{Reduce::kLogSumExp, {2, 3}, false}));
    cases.push_back(unary("reduce_product", {1, 4, 3}, ReduceParams{Reduce::kProduct, {2}}));
    cases.push_back(
        unary("local_response_norm", {1, 17, 5, 3}, LocalResponseNormParams{5, 0.2f, 0.75f, 1.0f}));
    cases.push_back(unary("local_response_norm_of_an_even_size", {1, 7, 5, 3},
                          LocalResponseNormParams{4, 0.2f, 0.5f, 2.0f}));
    cases.push_back(make_case("instance_norm", [](CaseBuilder& b) {
        return std::vector{b.node(InstanceNormParams{1e-3f},
                                  {b.input({1, 7, 5, 3}), b.weights({7}), b.weights({7})})};
    }));
    cases.push_back(make_case("arg_max_of_channels", [](CaseBuilder& b) {
        const ValueId index =
            b.node(ArgReduceParams{ArgReduceParams::Kind::kMax, 1}, {b.input({1, 7, 3, 5})});
        return std::vector{b.node(ConvertParams{DataType::kF32}, {index})};
    }));
    cases.push_back(make_case("top_k_of_the_last_axis", [](CaseBuilder& b) {
        return std::vector{b.node(TopKParams{}, {b.input({1, 5, 9}), b.integers({3})})};
    }));

    const auto soft = [&](const std::string& name, const Shape& shape, SoftmaxParams params) {
        cases.push_back(with_range(unary("softmax_" + name, shape, params), -6.0f, 6.0f));
    };
    soft("axis1", {1, 7, 3, 5}, {1});
    soft("axis2", {1, 7, 3, 5}, {2});
    soft("axis3", {1, 7, 3, 5}, {3});
    soft("last_of_three", {1, 33, 2}, {-1});
    soft("last_many_short", {1, 9, 23, 16}, {3});
    soft("vector", {1, 17}, {1});
    soft("flattened", {1, 5, 3, 2}, {1, true});
    soft("logarithm", {1, 17, 3}, {1, false, true});
    append_resize_cases(cases);
}

}  // namespace facet::testing
