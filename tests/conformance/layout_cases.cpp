// SPDX-License-Identifier: MIT
// Operations that move elements: concat, split, transpose, reshape, slices, gather, padding.
#include "tests/conformance/case_lists.h"

namespace facet::testing {

namespace {

void append_concat_cases(OpCases& cases) {
    const auto concat = [&](const std::string& name, std::vector<Shape> shapes, int64_t axis) {
        cases.push_back(make_case("concat_" + name, [=](CaseBuilder& b) {
            std::vector<ValueId> parts;
            for (const Shape& shape : shapes) parts.push_back(b.input(shape));
            return std::vector{b.node(ConcatParams{axis}, parts)};
        }));
    };
    concat("two_channels", {{1, 7, 3, 5}, {1, 17, 3, 5}}, 1);
    concat("three_channels", {{1, 1, 3, 5}, {1, 8, 3, 5}, {1, 3, 3, 5}}, 1);
    concat("four_rows", {{1, 7, 1, 5}, {1, 7, 2, 5}, {1, 7, 3, 5}, {1, 7, 1, 5}}, 2);
    concat("columns_from_the_back", {{1, 7, 3, 2}, {1, 7, 3, 5}}, -1);
    concat("vectors", {{1, 12}, {1, 30}, {1, 7}}, 1);
    cases.push_back(make_case("concat_of_convolutions", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 7, 6, 5});
        const ValueId left = b.node(ActivationParams{}, {b.convolution(x, 16, {1, 1})});
        const ValueId right = b.convolution(x, 9, {1, 1});
        const ValueId joined = b.node(ConcatParams{1}, {left, right});
        return std::vector{b.convolution(joined, 8, {1, 1})};
    }));
    cases.push_back(make_case("concat_of_the_same_value", [](CaseBuilder& b) {
        const ValueId x = b.node(ActivationParams{}, {b.input({1, 3, 4, 5})});
        return std::vector{b.node(ConcatParams{1}, {x, x})};
    }));
}

void append_split_cases(OpCases& cases) {
    cases.push_back(make_case("split_into_equal_channels", [](CaseBuilder& b) {
        return b.nodes(SplitParams{1}, {b.input({1, 8, 3, 5})}, 2);
    }));
    cases.push_back(make_case("split_by_sizes", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 7, 3, 5});
        return b.nodes(SplitParams{3}, {x, b.integers({1, 3, 1})}, 3);
    }));
    cases.push_back(make_case("shuffle_of_channels", [](CaseBuilder& b) {
        const ValueId x = b.convolution(b.input({1, 6, 5, 4}), 8, {1, 1});
        const ValueId pairs = b.node(ReshapeParams{}, {x, b.integers({1, 2, 4, 5, 4})});
        const ValueId swapped = b.node(TransposeParams{{0, 2, 1, 3, 4}}, {pairs});
        const ValueId flat = b.node(ReshapeParams{}, {swapped, b.integers({1, 8, 5, 4})});
        const auto halves = b.nodes(SplitParams{1}, {flat}, 2);
        return std::vector{b.convolution(halves[0], 5, {1, 1}), halves[1]};
    }));
}

void append_transpose_cases(OpCases& cases) {
    const auto transpose = [&](const std::string& name, const Shape& shape,
                               std::vector<int64_t> order) {
        cases.push_back(make_case("transpose_" + name, [=](CaseBuilder& b) {
            return std::vector{b.node(TransposeParams{order}, {b.input(shape)})};
        }));
    };
    transpose("to_channels_last", {1, 7, 3, 5}, {0, 2, 3, 1});
    transpose("to_channels_first", {1, 3, 5, 7}, {0, 3, 1, 2});
    transpose("last_two", {1, 17, 9}, {0, 2, 1});
    transpose("five_axes", {1, 2, 3, 4, 5}, {0, 4, 2, 1, 3});
    transpose("nothing", {1, 7, 3, 5}, {0, 1, 2, 3});
}

void append_reshape_cases(OpCases& cases) {
    cases.push_back(make_case("reshape_after_convolution_then_matmul", [](CaseBuilder& b) {
        const ValueId x = b.convolution(b.input({1, 7, 4, 3}), 17, {1, 1});
        const ValueId flat = b.node(FlattenParams{1}, {x});
        return std::vector{b.node(MatMulParams{}, {flat, b.weights({204, 5})})};
    }));
    cases.push_back(make_case("reshape_of_channels_last", [](CaseBuilder& b) {
        const ValueId x = b.convolution(b.input({1, 7, 4, 3}), 8, {3, 3});
        const ValueId last = b.node(TransposeParams{{0, 2, 3, 1}}, {x});
        const ValueId pairs = b.node(ReshapeParams{}, {last, b.integers({0, -1, 2})});
        return std::vector{b.node(SoftmaxParams{2}, {pairs})};
    }));
    cases.push_back(make_case("squeeze_and_unsqueeze", [](CaseBuilder& b) {
        const ValueId x = b.node(ActivationParams{}, {b.input({1, 7, 1, 1})});
        const ValueId flat = b.node(SqueezeParams{}, {x, b.integers({2, 3})});
        const ValueId dense = b.node(MatMulParams{}, {flat, b.weights({7, 3})});
        return std::vector{b.node(UnsqueezeParams{}, {dense, b.integers({2, 3})})};
    }));
    cases.push_back(make_case("identity_of_an_input", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 3, 2, 5});
        return std::vector{b.node(IdentityParams{}, {x}), b.node(ActivationParams{}, {x})};
    }));
}

void append_slice_cases(OpCases& cases) {
    const auto slice = [&](const std::string& name, std::vector<int64_t> starts,
                           std::vector<int64_t> ends, std::vector<int64_t> axes,
                           std::vector<int64_t> steps) {
        cases.push_back(make_case("slice_" + name, [=](CaseBuilder& b) {
            const ValueId x = b.input({1, 9, 7, 8});
            const std::vector<ValueId> inputs{x, b.integers(starts), b.integers(ends),
                                              b.integers(axes), b.integers(steps)};
            return std::vector{b.node(SliceParams{}, inputs)};
        }));
    };
    slice("channels", {2}, {7}, {1}, {1});
    slice("every_second_row_and_column", {0, 1}, {INT64_MAX, INT64_MAX}, {2, 3}, {2, 2});
    slice("backwards", {-1}, {INT64_MIN}, {3}, {-1});
    slice("from_the_back", {-3}, {-1}, {-1}, {1});
    cases.push_back(make_case("strided_slice_masks_and_shrink", [](CaseBuilder& b) {
        StridedSliceParams params;
        params.begin_mask = {1, 0, 1, 0};
        params.end_mask = {1, 0, 1, 1};
        params.shrink_axis_mask = {0, 1, 0, 0};
        const ValueId x = b.input({1, 9, 7, 8});
        return std::vector{b.node(params, {x, b.integers({0, 3, 0, 1}), b.integers({0, 4, 0, 0}),
                                           b.integers({1, 1, 2, 3})})};
    }));
    cases.push_back(make_case("gather_of_columns", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 4, 3, 6});
        return std::vector{b.node(GatherParams{3}, {x, b.integers({5, 0, -2, 0})})};
    }));
    cases.push_back(make_case("gather_elements_by_top_k", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 4, 6});
        const std::vector<ValueId> top = b.nodes(TopKParams{}, {x, b.integers({3})}, 2);
        return std::vector{b.node(GatherElementsParams{-1}, {x, top[1]})};
    }));
    cases.push_back(make_case("gather_nd_of_the_best", [](CaseBuilder& b) {
        const std::vector<ValueId> top =
            b.nodes(TopKParams{}, {b.input({1, 9}), b.integers({3})}, 2);
        const ValueId places = b.node(UnsqueezeParams{}, {top[1], b.integers({2})});
        return std::vector{b.node(GatherNdParams{1}, {b.input({1, 9, 4}), places})};
    }));
    cases.push_back(make_case("gather_of_one_channel", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 4, 3, 6});
        return std::vector{b.node(GatherParams{1}, {x, b.integers({2})})};
    }));
}

void append_pad_cases(OpCases& cases) {
    const auto pad = [&](const std::string& name, PadParams::Mode mode, std::vector<int64_t> pads,
                         bool value) {
        cases.push_back(make_case("pad_" + name, [=](CaseBuilder& b) {
            std::vector<ValueId> inputs{b.input({1, 7, 3, 5}), b.integers(pads)};
            if (value) inputs.push_back(b.floats({}, {1.5f}));
            return std::vector{b.node(PadParams{mode}, inputs)};
        }));
    };
    pad("zeros", PadParams::Mode::kConstant, {0, 0, 1, 2, 0, 0, 3, 0}, false);
    pad("channels_with_a_value", PadParams::Mode::kConstant, {0, 1, 0, 1, 0, 2, 1, 0}, true);
    pad("edges", PadParams::Mode::kEdge, {0, 0, 2, 1, 0, 0, 1, 3}, false);
    pad("reflections", PadParams::Mode::kReflect, {0, 0, 1, 2, 0, 0, 2, 1}, false);
    pad("symmetric", PadParams::Mode::kSymmetric, {0, 0, 3, 2, 0, 0, 1, 4}, false);
    cases.push_back(make_case("pad_then_convolution", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 5, 7, 6});
        const ValueId wide = b.node(PadParams{}, {x, b.integers({0, 0, 0, 0, 0, 0, 1, 1})});
        ConvolutionParams params;
        params.strides = {2, 2};
        return std::vector{b.convolution(wide, 8, {3, 3}, params)};
    }));
}

void append_block_cases(OpCases& cases) {
    for (const bool channel_first : {false, true}) {
        const std::string order = channel_first ? "_channel_first" : "";
        cases.push_back(make_case("depth_to_space" + order, [=](CaseBuilder& b) {
            return std::vector{
                b.node(DepthToSpaceParams{2, channel_first}, {b.input({1, 12, 3, 5})})};
        }));
        cases.push_back(make_case("space_to_depth" + order, [=](CaseBuilder& b) {
            return std::vector{
                b.node(SpaceToDepthParams{3, channel_first}, {b.input({1, 2, 6, 9})})};
        }));
    }
    cases.push_back(make_case("channel_shuffle", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 6, 3, 5});
        const ValueId apart = b.node(ReshapeParams{}, {x, b.integers({1, 2, 3, 3, 5})});
        const ValueId swapped = b.node(TransposeParams{{0, 2, 1, 3, 4}}, {apart});
        return std::vector{b.node(ReshapeParams{}, {swapped, b.integers({1, 6, 3, 5})})};
    }));
    cases.push_back(make_case("expand", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 7, 1, 5});
        return std::vector{b.node(ExpandParams{}, {x, b.integers({3, 1})})};
    }));
    cases.push_back(make_case("tile", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 2, 3});
        return std::vector{b.node(TileParams{}, {x, b.integers({1, 3, 2})})};
    }));
}

}  // namespace

void append_layout_cases(OpCases& cases) {
    append_concat_cases(cases);
    append_split_cases(cases);
    append_transpose_cases(cases);
    append_reshape_cases(cases);
    append_slice_cases(cases);
    append_pad_cases(cases);
    append_block_cases(cases);
}

}  // namespace facet::testing
