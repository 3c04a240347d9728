// SPDX-License-Identifier: MIT
// The table of facettestsrc's properties and the way to and from its settings.
#include "elements/testsrc/source_properties.h"

#include <gst/gst.h>

#include "gst/ranged_param.h"

namespace facet {

using drawing::Arrival;
using drawing::SceneSettings;

namespace {

constexpr double kMostNoise = 64;
constexpr double kMostFaces = 256, kMostMotion = 4;
constexpr int kMostOccluders = 32;
constexpr guint kDefaultMoodInterval = 4000;  // ms
constexpr double kSmallestFace = 0.02;

}  // namespace

GType source_arrival_type() {
    static const GEnumValue values[] = {
        {static_cast<int>(Arrival::kConstant), "As many in every frame", "constant"},
        {static_cast<int>(Arrival::kPoisson), "Independently of each other", "poisson"},
        {static_cast<int>(Arrival::kBurst), "In groups, with nobody in between", "burst"},
        {static_cast<int>(Arrival::kCrowd), "A tide of people who stand close together", "crowd"},
        {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstFacetTestSrcArrival", values);
    return type;
}

void install_source_properties(GObjectClass* object_class) {
    const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                GST_PARAM_MUTABLE_READY);
    const SourceSettings settings;
    const SceneSettings& defaults = settings.scene;
    const auto add_number = [&](SourceProperty id, const char* name, const char* nick,
                                const char* blurb, double low, double high, double fallback) {
        g_object_class_install_property(
            object_class, id, ranged_double_spec(name, nick, blurb, low, high, fallback, flags));
    };
    add_number(kSourceFaces, "faces", "Faces",
               "Mean number of faces in a frame, 0 to 256 (default: 3)", 0, kMostFaces,
               defaults.faces);
    g_object_class_install_property(
        object_class, kSourceArrival,
        g_param_spec_enum("arrival", "Arrival", "How people come (default: constant)",
                          source_arrival_type(), static_cast<int>(defaults.arrival), flags));
    g_object_class_install_property(
        object_class, kSourceSeed,
        g_param_spec_uint64("seed", "Seed",
                            "The same seed, size and rate give the same frames, bit for bit, on "
                            "any machine (default: 0)",
                            0, G_MAXUINT64, defaults.seed, flags));
    add_number(kSourceMotion, "motion", "Motion",
               "How much people move, 0 (not at all) to 4; 1 is lively (default: 0.5)", 0,
               kMostMotion, defaults.motion);
    add_number(kSourceMinSize, "min-size", "Smallest face",
               "Height of the smallest faces in frame heights, 0.02 to 1 (default: 0.15)",
               kSmallestFace, 1, defaults.min_size);
    add_number(kSourceMaxSize, "max-size", "Largest face",
               "Height of the largest faces in frame heights, 0.02 to 1; min-size where that is "
               "larger (default: 0.4)",
               kSmallestFace, 1, defaults.max_size);
    add_number(kSourceLighting, "lighting", "Lighting",
               "How much direction, colour and strength of the light vary, 0 to 1 (default: 0.5)",
               0, 1, defaults.lighting);
    add_number(kSourceNoise, "noise", "Noise",
               "Standard deviation of the grain in steps of 8-bit samples, 0 to 64 (default: 3)", 0,
               kMostNoise, settings.noise);
    g_object_class_install_property(
        object_class, kSourceOccluders,
        ranged_int_spec("occluders", "Occluders",
                        "Things passing in front of people at any time, 0 to 32 (default: 0)", 0,
                        kMostOccluders, defaults.occluders, flags));
    g_object_class_install_property(
        object_class, kSourceMoodInterval,
        g_param_spec_uint("mood-interval", "Mood interval",
                          "Milliseconds between a person's changes of mood, 0: never (default: "
                          "4000)",
                          0, G_MAXUINT, kDefaultMoodInterval, flags));
    g_object_class_install_property(
        object_class, kSourceIsLive,
        g_param_spec_boolean("is-live", "Is live",
                             "Deliver frames at their times by the pipeline's clock (default: "
                             "false)",
                             FALSE, flags));
}

bool set_source_property(SourceSettings& settings, guint id, const GValue* value) {
    SceneSettings& scene = settings.scene;
    switch (id) {
        case kSourceFaces:
            scene.faces = g_value_get_double(value);
            break;
        case kSourceArrival:
            scene.arrival = static_cast<Arrival>(g_value_get_enum(value));
            break;
        case kSourceSeed:
            scene.seed = g_value_get_uint64(value);
            break;
        case kSourceMotion:
            scene.motion = g_value_get_double(value);
            break;
        case kSourceMinSize:
            scene.min_size = g_value_get_double(value);
            break;
        case kSourceMaxSize:
            scene.max_size = g_value_get_double(value);
            break;
        case kSourceLighting:
            scene.lighting = g_value_get_double(value);
            break;
        case kSourceNoise:
            settings.noise = g_value_get_double(value);
            break;
        case kSourceOccluders:
            scene.occluders = g_value_get_int(value);
            break;
        case kSourceMoodInterval:
            scene.mood_seconds = g_value_get_uint(value) / 1000.0;
            break;
        default:
            return false;
    }
    return true;
}

bool get_source_property(const SourceSettings& settings, guint id, GValue* value) {
    const SceneSettings& scene = settings.scene;
    switch (id) {
        case kSourceFaces:
            g_value_set_double(value, scene.faces);
            break;
        case kSourceArrival:
            g_value_set_enum(value, static_cast<int>(scene.arrival));
            break;
        case kSourceSeed:
            g_value_set_uint64(value, scene.seed);
            break;
        case kSourceMotion:
            g_value_set_double(value, scene.motion);
            break;
        case kSourceMinSize:
            g_value_set_double(value, scene.min_size);
            break;
        case kSourceMaxSize:
            g_value_set_double(value, scene.max_size);
            break;
        case kSourceLighting:
            g_value_set_double(value, scene.lighting);
            break;
        case kSourceNoise:
            g_value_set_double(value, settings.noise);
            break;
        case kSourceOccluders:
            g_value_set_int(value, scene.occluders);
            break;
        case kSourceMoodInterval:
            g_value_set_uint(value, static_cast<guint>(scene.mood_seconds * 1000.0 + 0.5));
            break;
        default:
            return false;
    }
    return true;
}

}  // namespace facet
