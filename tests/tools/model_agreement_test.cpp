// SPDX-License-Identifier: MIT
// OutputAgreement: boxes, labels, numbers and points of two models, side by side.
#include "engine/tools/model_agreement.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace facet {
namespace {

OutputInfo output(const std::string& converter, const std::string& attribute) {
    OutputInfo info;
    info.converter = converter;
    info.attribute = attribute;
    info.labels = {"background", "face"};
    info.unit = "years";
    return info;
}

double figure(const OutputAgreement& agreement, const std::string& what) {
    for (const AgreementFigure& figure : agreement.figures())
        if (figure.what == what) return figure.value;
    ADD_FAILURE() << "no " << what;
    return -1;
}

Detection box(float x, float confidence = 0.9f) {
    Detection detection;
    detection.box = {x, 0, 0.1f, 0.1f};
    detection.confidence = confidence;
    detection.label_id = 1;
    return detection;
}

}  // namespace

TEST(OutputAgreement, CountsEachBoxOnceAndOnlyWithHalfAnOverlap) {
    OutputAgreement agreement(output("boxes-scores", ""));
    // Found again, twice; missed; moved by more than half; and one where nothing was.
    agreement.add({{box(0), box(0.3f), box(0.6f)}, {}},
                  {{box(0.005f), box(0.006f, 0.5f), box(0.66f), box(0.9f)}, {}});
    EXPECT_NEAR(figure(agreement, "recall"), 100.0 / 3, 1e-3);
    EXPECT_NEAR(figure(agreement, "precision"), 25, 1e-3);
    EXPECT_NEAR(figure(agreement, "mean overlap"), 100 * 0.095 / 0.105, 0.01);
}

TEST(OutputAgreement, BoxesOfAnotherLabelAreOthers) {
    OutputAgreement agreement(output("boxes-scores", ""));
    Detection other = box(0);
    other.label_id = 0;
    agreement.add({{box(0)}, {}}, {{other}, {}});
    EXPECT_EQ(figure(agreement, "recall"), 0);
}

TEST(OutputAgreement, ComparesLabels) {
    OutputAgreement agreement(output("label", "gender"));
    for (const int label : {0, 1, 1, 1}) {
        Attribute expected, actual;
        expected.label_id = 1;
        actual.label_id = label;
        agreement.add({{}, {expected}}, {{}, {actual}});
    }
    EXPECT_NEAR(figure(agreement, "same label"), 75, 1e-6);
}

TEST(OutputAgreement, SaysHowFarNumbersLieApart) {
    OutputAgreement agreement(output("number", "age"));
    for (int row = 0; row < 101; ++row) {
        Attribute expected, actual;
        expected.value = 30.0f;
        actual.value = 30.0f + static_cast<float>(row) / 100;
        agreement.add({{}, {expected}}, {{}, {actual}});
    }
    EXPECT_NEAR(figure(agreement, "mean difference"), 0.5, 1e-5);
    EXPECT_NEAR(figure(agreement, "99th percentile"), 0.99, 1e-5);
    EXPECT_EQ(agreement.figures()[0].unit, "years");
}

TEST(OutputAgreement, MeasuresPointsByTheDistanceOfTheEyes) {
    OutputAgreement agreement(output("landmarks", "landmarks"));
    Attribute expected, actual;
    expected.values = {0.2f, 0.5f, 0.6f, 0.5f};
    actual.values = {0.2f, 0.52f, 0.6f, 0.5f};  // one of two points by a twentieth of 0.4
    agreement.add({{}, {expected}}, {{}, {actual}});
    EXPECT_NEAR(figure(agreement, "mean difference"), 2.5, 1e-3);
}

TEST(OutputAgreement, ARowWithoutAValueDisagrees) {
    OutputAgreement agreement(output("label", "mood"));
    agreement.add({{}, {Attribute{}}}, {{}, {}});
    EXPECT_EQ(figure(agreement, "same label"), 0);
}

}  // namespace facet
