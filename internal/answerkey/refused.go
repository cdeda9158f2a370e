package answerkey

const (
	needsText       = "there are no text indexes"
	needsSchema     = "$jsonSchema is not emulated"
	needsGeometry   = "there is no geometry"
	needsExtensions = "Unicode's script extensions, which \\p{Latin} asks for, are not known"
)

// Refused are the cases that the language refuses on purpose, whatever asks them, with
// the reason for each.
var Refused = map[string]string{
	"operator/query/misc/regex/test_regex_unicode.py::test_regex_unicode[unicode_property_latin]":                   needsExtensions,
	"operator/stages/match/test_match_pipeline_semantics.py::test_match_pipeline_semantics_cases[text_first_stage]": needsText,
	"operator/stages/match/test_match_query_operators.py::test_match_query_operator_cases[query_misc_jsonschema]":   needsSchema,
	"operator/stages/match/test_match_query_operators.py::test_match_query_operator_cases[query_geo_geointersects]": needsGeometry,
	"operator/stages/match/test_match_query_operators.py::test_match_query_operator_cases[query_geo_geowithin]":     needsGeometry,
}
