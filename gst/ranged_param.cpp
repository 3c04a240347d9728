// SPDX-License-Identifier: MIT
// Two param spec types without validation, and the check that takes its place.
#include "gst/ranged_param.h"

#include <sstream>

namespace facet {

namespace {

GType make_type(GType parent, const char* name) {
    GTypeQuery query;
    g_type_query(parent, &query);
    const GClassInitFunc class_init = [](gpointer klass, gpointer) {
        static_cast<GParamSpecClass*>(klass)->value_validate = nullptr;
    };
    return g_type_register_static_simple(parent, name, query.class_size, class_init,
                                         query.instance_size, nullptr, static_cast<GTypeFlags>(0));
}

GType ranged_int_type() {
    static const GType type = make_type(G_TYPE_PARAM_INT, "FacetParamInt");
    return type;
}

GType ranged_double_type() {
    static const GType type = make_type(G_TYPE_PARAM_DOUBLE, "FacetParamDouble");
    return type;
}

template <typename Spec, typename Number>
GParamSpec* make_spec(GType type, const char* name, const char* nick, const char* blurb,
                      Number least, Number most, Number fallback, GParamFlags flags) {
    auto* spec = static_cast<Spec*>(g_param_spec_internal(type, name, nick, blurb, flags));
    spec->minimum = least;
    spec->maximum = most;
    spec->default_value = fallback;
    return G_PARAM_SPEC(spec);
}

// Not a number is outside every range.
template <typename Number>
Result<void> check(const char* name, Number value, Number least, Number most) {
    if (value >= least && value <= most) return {};
    std::ostringstream text;
    text << "property '" << name << "': " << value << " is outside " << least << ".." << most;
    return Error{ErrorCode::kInvalidArgument, text.str()};
}

}  // namespace

GParamSpec* ranged_int_spec(const char* name, const char* nick, const char* blurb, int least,
                            int most, int fallback, GParamFlags flags) {
    return make_spec<GParamSpecInt>(ranged_int_type(), name, nick, blurb, least, most, fallback,
                                    flags);
}

GParamSpec* ranged_double_spec(const char* name, const char* nick, const char* blurb, double least,
                               double most, double fallback, GParamFlags flags) {
    return make_spec<GParamSpecDouble>(ranged_double_type(), name, nick, blurb, least, most,
                                       fallback, flags);
}

Result<void> check_range(GParamSpec* spec, const GValue* value) {
    if (G_TYPE_CHECK_INSTANCE_TYPE(spec, ranged_int_type())) {
        const GParamSpecInt* range = G_PARAM_SPEC_INT(spec);
        return check(spec->name, g_value_get_int(value), range->minimum, range->maximum);
    }
    if (G_TYPE_CHECK_INSTANCE_TYPE(spec, ranged_double_type())) {
        const GParamSpecDouble* range = G_PARAM_SPEC_DOUBLE(spec);
        return check(spec->name, g_value_get_double(value), range->minimum, range->maximum);
    }
    return {};
}

Result<void> check_ranges(GObject* object) {
    guint count = 0;
    GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(object), &count);
    Result<void> checked;
    for (guint i = 0; i < count && checked.ok(); ++i) {
        if (!G_TYPE_CHECK_INSTANCE_TYPE(specs[i], ranged_int_type()) &&
            !G_TYPE_CHECK_INSTANCE_TYPE(specs[i], ranged_double_type()))
            continue;
        GValue value = G_VALUE_INIT;
        g_value_init(&value, specs[i]->value_type);
        g_object_get_property(object, specs[i]->name, &value);
        checked = check_range(specs[i], &value);
        g_value_unset(&value);
    }
    g_free(specs);
    return checked;
}

}  // namespace facet
