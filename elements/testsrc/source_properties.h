// SPDX-License-Identifier: MIT
// What a user may set of facettestsrc, and its properties of GObject's.
#pragma once

#include <glib-object.h>

#include "elements/testsrc/scene.h"

namespace facet {

struct SourceSettings {
    drawing::SceneSettings scene;
    double noise = 3;  // standard deviation in steps of 8-bit samples, 0..64
};

// The ids of the properties; kSourceIsLive is the base class's own business, not a setting.
enum SourceProperty : guint {
    kSourceFaces = 1,
    kSourceArrival,
    kSourceSeed,
    kSourceMotion,
    kSourceMinSize,
    kSourceMaxSize,
    kSourceLighting,
    kSourceNoise,
    kSourceOccluders,
    kSourceMoodInterval,
    kSourceIsLive
};

// The enumeration behind `arrival`. Thread-safe.
[[nodiscard]] GType source_arrival_type();
// All of the ids above, with names, ranges and defaults.
void install_source_properties(GObjectClass* object_class);
// False for an id that is no setting. Reentrant.
[[nodiscard]] bool set_source_property(SourceSettings& settings, guint id, const GValue* value);
[[nodiscard]] bool get_source_property(const SourceSettings& settings, guint id, GValue* value);

}  // namespace facet
