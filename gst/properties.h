// SPDX-License-Identifier: MIT
// PropertyTable: GObject properties that are plain members of a Settings struct.
#pragma once

#include <gst/gst.h>

#include <string>
#include <variant>
#include <vector>

#include "gst/ranged_param.h"

namespace facet {

// When a property may change: only up to READY (it shapes what is opened), or at any time.
enum class Mutable { kReady, kPlaying };

// Settings is default-constructible: its defaults are the properties' defaults. Filled once, in
// class_init; read-only from then on. set() and get() take the object's lock.
template <typename Settings>
class PropertyTable {
  public:
    void add_text(const char* name, const char* blurb, std::string Settings::*member,
                  Mutable when) {
        add(g_param_spec_string(name, name, blurb, (Settings{}.*member).c_str(), flags(when)),
            member);
    }
    void add_int(const char* name, const char* blurb, int Settings::*member, int least, int most,
                 Mutable when) {
        add(ranged_int_spec(name, name, blurb, least, most, Settings{}.*member, flags(when)),
            member);
    }
    void add_double(const char* name, const char* blurb, double Settings::*member, double least,
                    double most, Mutable when) {
        add(ranged_double_spec(name, name, blurb, least, most, Settings{}.*member, flags(when)),
            member);
    }

    // The member holds the enumeration's number.
    void add_enum(const char* name, const char* blurb, GType type, int Settings::*member,
                  Mutable when) {
        add(g_param_spec_enum(name, name, blurb, type, Settings{}.*member, flags(when)), member);
    }

    // Property ids count from 1 in the order they were added.
    void install(GObjectClass* klass) const {
        for (size_t i = 0; i < rows_.size(); ++i)
            g_object_class_install_property(klass, static_cast<guint>(i + 1), rows_[i].spec);
    }

    // Keeps the old value, with a warning, when the property cannot change in the element's state:
    // what is read back is always what is in effect. A value out of range is kept until the start,
    // which fails on it; while the element runs it changes nothing but is a warning on the bus.
    void set(GstElement* element, guint id, const GValue* value, Settings& settings) const {
        const Row& row = rows_[id - 1];
        GST_OBJECT_LOCK(element);
        const bool running = GST_STATE(element) > GST_STATE_READY;
        const bool refused = running && (row.spec->flags & GST_PARAM_MUTABLE_PLAYING) == 0;
        const Result<void> range = running ? check_range(row.spec, value) : Result<void>();
        if (!refused && range.ok())
            std::visit([&](auto member) { assign(settings.*member, value); }, row.member);
        GST_OBJECT_UNLOCK(element);
        if (refused)
            GST_WARNING_OBJECT(element, "property '%s' can change only in NULL or READY; unchanged",
                               row.spec->name);
        else if (!range.ok())
            GST_ELEMENT_WARNING(element, LIBRARY, SETTINGS,
                                ("%s; unchanged", range.error().text().c_str()), (nullptr));
    }
    void get(GstElement* element, guint id, GValue* value, const Settings& settings) const {
        GST_OBJECT_LOCK(element);
        std::visit([&](auto member) { fill(value, settings.*member); }, rows_[id - 1].member);
        GST_OBJECT_UNLOCK(element);
    }

  private:
    using Member = std::variant<std::string Settings::*, int Settings::*, double Settings::*>;
    struct Row {
        GParamSpec* spec;  // the class owns it once installed
        Member member;
    };

    static GParamFlags flags(Mutable when) {
        return static_cast<GParamFlags>(
            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
            (when == Mutable::kPlaying ? GST_PARAM_MUTABLE_PLAYING : GST_PARAM_MUTABLE_READY));
    }
    void add(GParamSpec* spec, Member member) { rows_.push_back({spec, member}); }

    static void assign(std::string& target, const GValue* value) {
        const char* text = g_value_get_string(value);
        target = text != nullptr ? text : "";
    }
    static void assign(int& target, const GValue* value) {
        target = G_VALUE_HOLDS_ENUM(value) ? g_value_get_enum(value) : g_value_get_int(value);
    }
    static void assign(double& target, const GValue* value) { target = g_value_get_double(value); }
    static void fill(GValue* value, const std::string& source) {
        g_value_set_string(value, source.c_str());
    }
    static void fill(GValue* value, int source) {
        if (G_VALUE_HOLDS_ENUM(value))
            g_value_set_enum(value, source);
        else
            g_value_set_int(value, source);
    }
    static void fill(GValue* value, double source) { g_value_set_double(value, source); }

    std::vector<Row> rows_;
};

}  // namespace facet
