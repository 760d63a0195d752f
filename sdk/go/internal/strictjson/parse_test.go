package strictjson

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func codeOf(err error) string {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

func TestRefusesWhatTwoReadersCouldReadDifferently(t *testing.T) {
	for text, code := range map[string]string{
		`{"a":1,"a":2}`:         "CODEC_INVALID",
		`{"a":1,"\u0061":2}`:    "CODEC_INVALID",
		`"\ud800"`:              "CODEC_INVALID",
		`"\ud800\u0041"`:        "CODEC_INVALID",
		`"\udc00"`:              "CODEC_INVALID",
		"\"\xff\"":              "CODEC_INVALID",
		"\"\n\"":                "CODEC_INVALID",
		`"\x"`:                  "CODEC_INVALID",
		`"\u12"`:                "CODEC_INVALID",
		`1e999`:                 "CODEC_INVALID",
		`01`:                    "CODEC_TRAILING",
		`1 2`:                   "CODEC_TRAILING",
		`+1`:                    "CODEC_INVALID",
		`{"a":1,}`:              "CODEC_INVALID",
		`[1,]`:                  "CODEC_INVALID",
		`{a:1}`:                 "CODEC_INVALID",
		"\ufeff1":               "CODEC_INVALID",
		``:                      "CODEC_INVALID",
		strings.Repeat("[", 34): "CODEC_OUT_OF_RANGE",
		`[` + strings.Repeat("0,", 32_768) + `0]`: "CODEC_OUT_OF_RANGE",
		strings.Repeat(" ", 70_001):               "CODEC_OUT_OF_RANGE",
	} {
		if _, err := Parse(text, 70_000); codeOf(err) != code {
			t.Errorf("%.40q: %v, not %s", text, err, code)
		}
	}
}

func TestReadsStringsAndSpans(t *testing.T) {
	const text = `{ "b" : {"x":[1, 2]} , "a":"\ud83d\ude00\n\u00e9" }`
	object, spans, err := ParseMembers(text, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if object.Values["a"] != "😀\né" || len(object.Names) != 2 || object.Names[0] != "b" {
		t.Errorf("read %v %q", object.Names, object.Values["a"])
	}
	if span := spans["b"]; text[span.Start:span.End] != `{"x":[1, 2]}` {
		t.Errorf("the span of b is %q", text[span.Start:span.End])
	}
	if _, _, err := ParseMembers("[]", 1000); codeOf(err) != "CODEC_INVALID" {
		t.Errorf("a list: %v", err)
	}
}

func TestRecordReportsTheFirstMistake(t *testing.T) {
	value, err := Parse(`{"n":1.5,"s":"ab"}`, 100)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRecord(value, "file")
	if r.String("s", 2) != "ab" || r.Err() != nil {
		t.Errorf("a good member: %v", r.Err())
	}
	r.Integer("missing", 1)
	r.Integer("n", 9)
	if codeOf(r.Err()) != "CODEC_TRUNCATED" {
		t.Errorf("a missing member, then a wrong one: %v", r.Err())
	}
	r = NewRecord(value, "file")
	r.Integer("n", 9)
	if codeOf(r.Err()) != "CODEC_INVALID" {
		t.Errorf("a fraction: %v", r.Err())
	}
}

func TestRecordReadsBooleansAndTimes(t *testing.T) {
	value, err := Parse(`{"yes":true,"at":60,"text":"true","part":1.5,"before":-1}`, 100)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRecord(value, "file")
	if !r.Boolean("yes") || r.Seconds("at").Unix() != 60 || r.Err() != nil {
		t.Errorf("good members: %v", r.Err())
	}
	for _, read := range []func(*Record){func(r *Record) { r.Boolean("text") }, func(r *Record) { r.Seconds("part") },
		func(r *Record) { r.Seconds("before") }, func(r *Record) { r.Seconds("text") }} {
		r := NewRecord(value, "file")
		if read(r); codeOf(r.Err()) != "CODEC_INVALID" {
			t.Errorf("a wrong member: %v", r.Err())
		}
	}
}

// FuzzParse: no input panics, and what is accepted is JSON to everybody.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-2.5e3,"x\u00e9",true,null]}`, `"\ud83d\ude00"`, `[[[[]]]]`, `{"a":{"a":1}}`, "\"\x7f\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Parse(text, 1<<16); err != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("accepted %q, which is not JSON", text)
		}
	})
}
