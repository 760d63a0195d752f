package der

import (
	"strconv"
	"strings"
	"time"
)

const (
	mostIdentifierBytes = 64
	mostArc             = 1<<53 - 1
)

// Identifier reads an OBJECT IDENTIFIER in dotted decimals: arcs in the fewest octets, each below 2^53 (X.690 section 8.19).
func (r *Reader) Identifier() string {
	content := r.Element(TagIdentifier).Content
	if *r.mistake != nil {
		return ""
	}
	if len(content) == 0 || len(content) > mostIdentifierBytes || content[len(content)-1] >= 0x80 {
		r.Failf("an incomplete DER object identifier, or one over %d bytes", mostIdentifierBytes)
		return ""
	}
	var arcs []string
	arc, isOpen := uint64(0), false
	for _, octet := range content {
		if !isOpen && octet == 0x80 {
			r.Failf("a non-minimal arc in a DER object identifier")
			return ""
		}
		arc = arc<<7 | uint64(octet&0x7f)
		if arc > mostArc {
			r.Failf("an oversized arc in a DER object identifier")
			return ""
		}
		if isOpen = octet >= 0x80; isOpen {
			continue
		}
		if arcs == nil {
			root := min(arc/40, 2)
			arcs = append(arcs, strconv.FormatUint(root, 10))
			arc -= 40 * root
		}
		arcs = append(arcs, strconv.FormatUint(arc, 10))
		arc = 0
	}
	return strings.Join(arcs, ".")
}

// Time reads a UTCTime or a GeneralizedTime in the profile of RFC 5280 section 4.1.2.5: seconds, Zulu, no fraction; UTCTime through
// 2049, GeneralizedTime from 2050.
func (r *Reader) Time() time.Time {
	element := r.Element(AnyTag)
	if *r.mistake != nil {
		return time.Time{}
	}
	text, layout := string(element.Content), "20060102150405Z"
	switch element.Tag {
	case TagUTCTime:
		if len(text) != 13 {
			break
		}
		century := "20"
		if text[0] >= '5' {
			century = "19"
		}
		text = century + text
	case TagTime:
		if len(text) == 15 && text < "2050" {
			text = ""
		}
	default:
		text = ""
	}
	at, err := time.Parse(layout, text)
	// Parse takes some other spellings as well.
	if err != nil || at.Format(layout) != text {
		r.Failf("not a DER time of the RFC 5280 profile")
		return time.Time{}
	}
	return at
}
