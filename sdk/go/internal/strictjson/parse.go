// Package strictjson reads JSON (RFC 8259) that is signed or comes from outside: a name that occurs twice, a lone surrogate, a number
// beyond a double and trailing text are refused, because two verifiers could read them differently. encoding/json takes them all.
package strictjson

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Object is an object with its names in the order of the text.
type Object struct {
	Names  []string
	Values map[string]any
}

// Span is where the value of a member lies in a text, in bytes.
type Span struct{ Start, End int }

const (
	// mostDepth: 32 levels within the outermost one. Intel's QVL refuses deeper collateral.
	mostDepth = 33
	// mostValues is several times the size of the longest TCB info.
	mostValues = 32_768
)

// Error is why a text was refused. Code is CODEC_INVALID, CODEC_TRAILING or CODEC_OUT_OF_RANGE, or CODEC_TRUNCATED for a member that
// is missing.
type Error struct{ Code, Message string }

func (e *Error) Error() string { return e.Message }

type scanner struct {
	text string
	at   int
	// spans are those of the members of the outermost object, when they are asked for.
	spans map[string]Span
}

// Parse parses a text of at most so many UTF-16 code units into nil, bool, float64, string, []any or *Object.
func Parse(text string, most int) (any, error) {
	value, _, err := parse(text, most, nil)
	return value, err
}

// ParseMembers parses an object, and also says where the value of each of its members lies.
func ParseMembers(text string, most int) (*Object, map[string]Span, error) {
	value, spans, err := parse(text, most, map[string]Span{})
	object, isObject := value.(*Object)
	if err == nil && !isObject {
		err = &Error{"CODEC_INVALID", "Not a JSON object."}
	}
	return object, spans, err
}

func parse(text string, most int, spans map[string]Span) (any, map[string]Span, error) {
	if len(text) > 3*most || length(text) > most {
		return nil, nil, &Error{"CODEC_OUT_OF_RANGE", fmt.Sprintf("JSON over %d characters.", most)}
	}
	if !isWithin(text) {
		return nil, nil, &Error{"CODEC_OUT_OF_RANGE", fmt.Sprintf("JSON nested deeper than %d levels, or over %d values.", mostDepth, mostValues)}
	}
	if !utf8.ValidString(text) {
		return nil, nil, &Error{"CODEC_INVALID", "The text is not UTF-8."}
	}
	s := &scanner{text: text, spans: spans}
	value, err := s.value(true)
	if err != nil {
		return nil, nil, err
	}
	if s.space(); s.at < len(text) {
		return nil, nil, &Error{"CODEC_TRAILING", "Not strict JSON: text follows the end of the value."}
	}
	return value, spans, nil
}

// length counts UTF-16 code units: every language that reads these texts counts the same.
func length(text string) (units int) {
	for _, r := range text {
		units++
		if r > 0xffff {
			units++
		}
	}
	return units
}

// isWithin looks at the bounds before any value is made. It allocates nothing.
func isWithin(text string) bool {
	depth, values, isText := 0, 0, false
	for at := 0; at < len(text); at++ {
		c := text[at]
		switch {
		case isText && c == '\\':
			at++
		case isText:
			isText = c != '"'
		case c == '"':
			isText = true
		case c == ',':
			values++
		case c == '[' || c == '{':
			values++
			depth++
		case c == ']' || c == '}':
			depth--
		}
		if depth > mostDepth || values > mostValues {
			return false
		}
	}
	return true
}

func (s *scanner) fail(problem string) error {
	return &Error{"CODEC_INVALID", "Not strict JSON: " + problem + "."}
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) take(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) value(isOutermost bool) (any, error) {
	s.space()
	if s.at == len(s.text) {
		return nil, s.fail("the text ends too early")
	}
	switch s.text[s.at] {
	case '{':
		return s.object(isOutermost)
	case '[':
		return s.array()
	case '"':
		return s.string()
	}
	for _, word := range []struct {
		text  string
		value any
	}{{"true", true}, {"false", false}, {"null", nil}} {
		if len(s.text)-s.at >= len(word.text) && s.text[s.at:s.at+len(word.text)] == word.text {
			s.at += len(word.text)
			return word.value, nil
		}
	}
	return s.number()
}

var numberPattern = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?`)

func (s *scanner) number() (any, error) {
	token := numberPattern.FindString(s.text[s.at:])
	if token == "" {
		return nil, s.fail("expected a JSON value")
	}
	s.at += len(token)
	// Only a number beyond a double is an error here.
	number, err := strconv.ParseFloat(token, 64)
	if err != nil && math.IsInf(number, 0) {
		return nil, s.fail("this number is too large")
	}
	return number, nil
}

func (s *scanner) object(isOutermost bool) (any, error) {
	o := &Object{Values: map[string]any{}}
	s.at++
	if s.take('}') {
		return o, nil
	}
	for {
		s.space()
		if s.at == len(s.text) || s.text[s.at] != '"' {
			return nil, s.fail("expected a key in double quotes")
		}
		name, err := s.string()
		if err != nil {
			return nil, err
		}
		if _, isTwice := o.Values[name]; isTwice {
			return nil, s.fail("a key is repeated")
		}
		if !s.take(':') {
			return nil, s.fail(`expected ":" after the key`)
		}
		s.space()
		start := s.at
		value, err := s.value(false)
		if err != nil {
			return nil, err
		}
		if isOutermost && s.spans != nil {
			s.spans[name] = Span{start, s.at}
		}
		o.Names = append(o.Names, name)
		o.Values[name] = value
		if s.take(',') {
			continue
		}
		if !s.take('}') {
			return nil, s.fail(`expected "}" or "," here`)
		}
		return o, nil
	}
}

func (s *scanner) array() (any, error) {
	items := []any{}
	s.at++
	if s.take(']') {
		return items, nil
	}
	for {
		item, err := s.value(false)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if s.take(',') {
			continue
		}
		if !s.take(']') {
			return nil, s.fail(`expected "]" or "," here`)
		}
		return items, nil
	}
}

// string reads a string whose opening quote comes next.
func (s *scanner) string() (string, error) {
	s.at++
	var made []byte
	for start := s.at; s.at < len(s.text); {
		switch c := s.text[s.at]; {
		case c == '"':
			whole := s.text[start:s.at]
			s.at++
			if made != nil {
				whole = string(append(made, whole...))
			}
			return whole, nil
		case c < 0x20:
			return "", s.fail("a control character in a string")
		case c == '\\':
			made = append(made, s.text[start:s.at]...)
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			made = utf8.AppendRune(made, r)
			start = s.at
		default:
			s.at++
		}
	}
	return "", s.fail("a string does not end")
}

const simpleEscapes = `"\/bfnrt`

func (s *scanner) escape() (rune, error) {
	if s.at+1 < len(s.text) {
		for i, c := range []byte(simpleEscapes) {
			if s.text[s.at+1] == c {
				s.at += 2
				return rune("\"\\/\b\f\n\r\t"[i]), nil
			}
		}
	}
	unit, isUnit := s.unit()
	if isUnit && utf16.IsSurrogate(unit) {
		second, isSecond := s.unit()
		unit = utf16.DecodeRune(unit, second)
		// A lone surrogate has no UTF-8.
		isUnit = isSecond && unit != utf8.RuneError
	}
	if !isUnit {
		return 0, s.fail("an invalid escape in a string")
	}
	return unit, nil
}

// unit reads an escape of four hexadecimal digits.
func (s *scanner) unit() (rune, bool) {
	if len(s.text)-s.at < 6 || s.text[s.at] != '\\' || s.text[s.at+1] != 'u' {
		return 0, false
	}
	value, err := strconv.ParseUint(s.text[s.at+2:s.at+6], 16, 16)
	s.at += 6
	return rune(value), err == nil
}
