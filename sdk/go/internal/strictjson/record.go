package strictjson

import (
	"encoding/hex"
	"fmt"
	"math"
	"time"
)

// Record reads the members of an object. After the first mistake every method returns a zero value, so that a caller reads all it
// wants and then asks for Err once. Records within it share the mistake. A member that is missing is CODEC_TRUNCATED, because Intel's
// QVL has another name for it; a wrong one is CODEC_INVALID.
type Record struct {
	members map[string]any
	path    string
	mistake *error
}

// NewRecord returns a record of the value; one that is not an object is a mistake.
func NewRecord(value any, path string) *Record {
	r := &Record{path: path, mistake: new(error)}
	return r.inner(value, path)
}

// Err is the first mistake, or nil.
func (r *Record) Err() error { return *r.mistake }

// Failf notes a mistake, unless there is one.
func (r *Record) Failf(format string, args ...any) {
	if *r.mistake == nil {
		*r.mistake = &Error{"CODEC_INVALID", fmt.Sprintf(format, args...)}
	}
}

func (r *Record) inner(value any, path string) *Record {
	inner := &Record{path: path, mistake: r.mistake}
	if object, isObject := value.(*Object); isObject {
		inner.members = object.Values
	} else {
		r.Failf("%s is not an object.", path)
	}
	return inner
}

// Has tells whether the member is there.
func (r *Record) Has(name string) bool {
	_, has := r.members[name]
	return has && *r.mistake == nil
}

// required returns the member, and whether the caller has to look at it.
func (r *Record) required(name string) (any, bool) {
	if *r.mistake != nil {
		return nil, false
	}
	value, has := r.members[name]
	if !has {
		*r.mistake = &Error{"CODEC_TRUNCATED", fmt.Sprintf("%s.%s is missing.", r.path, name)}
	}
	return value, has
}

// Integer reads an integer from 0 to most.
func (r *Record) Integer(name string, most float64) uint32 {
	value, has := r.required(name)
	if !has {
		return 0
	}
	number, isNumber := value.(float64)
	if !isNumber || number != math.Trunc(number) || number < 0 || number > most {
		r.Failf("%s.%s is not an integer from 0 to %.0f.", r.path, name, most)
		return 0
	}
	return uint32(number)
}

// String reads a string of at most so many UTF-16 code units.
func (r *Record) String(name string, most int) string {
	value, has := r.required(name)
	if !has {
		return ""
	}
	text, isText := value.(string)
	if !isText || length(text) > most {
		r.Failf("%s.%s is not a string up to %d characters.", r.path, name, most)
		return ""
	}
	return text
}

// Hex reads bytes of hex.
func (r *Record) Hex(name string, size int) []byte {
	text := r.String(name, math.MaxInt)
	if *r.mistake != nil {
		return nil
	}
	decoded, err := hex.DecodeString(text)
	if err != nil || len(decoded) != size {
		r.Failf("%s.%s is not %d bytes of hex.", r.path, name, size)
		return nil
	}
	return decoded
}

// Date reads a date that exists, in the form of Intel's JSON: 2025-06-19T10:56:11Z.
func (r *Record) Date(name string) time.Time {
	text := r.String(name, math.MaxInt)
	if *r.mistake != nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Format("2006-01-02T15:04:05Z") != text {
		r.Failf("%s.%s is not a date like 2025-06-19T10:56:11Z.", r.path, name)
		return time.Time{}
	}
	return at
}

// Strings reads up to so many strings, each up to a length; a member that is absent has none.
func (r *Record) Strings(name string, most, longest int) []string {
	if !r.Has(name) {
		return nil
	}
	items, isArray := r.members[name].([]any)
	var found []string
	for _, item := range items {
		text, isText := item.(string)
		isArray = isArray && isText && length(text) <= longest
		found = append(found, text)
	}
	if !isArray || len(items) > most {
		r.Failf("%s.%s is not an array of up to %d strings.", r.path, name, most)
		return nil
	}
	return found
}

// Record reads a member that is an object.
func (r *Record) Record(name string) *Record {
	value, has := r.required(name)
	if !has {
		return &Record{mistake: r.mistake}
	}
	return r.inner(value, r.path+"."+name)
}

// Records reads an array of objects.
func (r *Record) Records(name string, least, most int) []*Record {
	value, has := r.required(name)
	if !has {
		return nil
	}
	items, isArray := value.([]any)
	if !isArray || len(items) < least || len(items) > most {
		r.Failf("%s.%s is not an array of %d to %d items.", r.path, name, least, most)
		return nil
	}
	records := make([]*Record, len(items))
	for i, item := range items {
		records[i] = r.inner(item, fmt.Sprintf("%s.%s[%d]", r.path, name, i))
	}
	return records
}

// Boolean reads true or false.
func (r *Record) Boolean(name string) bool {
	value, has := r.required(name)
	if !has {
		return false
	}
	truth, isBoolean := value.(bool)
	if !isBoolean {
		r.Failf("%s.%s is not true or false.", r.path, name)
	}
	return truth
}

// Seconds reads a NumericDate (RFC 7519 section 2), whole seconds since 1970.
func (r *Record) Seconds(name string) time.Time {
	value, has := r.required(name)
	if !has {
		return time.Time{}
	}
	number, isNumber := value.(float64)
	if !isNumber || number != math.Trunc(number) || number < 0 || number > 1<<40 {
		r.Failf("%s.%s is not a time in seconds.", r.path, name)
		return time.Time{}
	}
	return time.Unix(int64(number), 0)
}
