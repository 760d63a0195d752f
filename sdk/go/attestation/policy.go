package attestation

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"enclos.invalid/sdk/internal/strictjson"
)

const (
	mostPolicyLength = 1_048_576
	mostSafeInteger  = 1<<53 - 1
)

// Rules are a policy as a Go value: what a relying party accepts of an SGX enclave. What it names must all hold, and what it does not
// name has the strict default. The names in JSON are those of the files that all of Enclos reads.
type Rules struct {
	// AcceptedStatuses are the TCB statuses to accept. For one other than OK, every advisory of the verdict must be in
	// AcceptedAdvisoryIDs as well.
	AcceptedStatuses []Status `json:"acceptedStatuses,omitempty"`
	// IntelRoot accepts platforms under Intel's root.
	IntelRoot bool `json:"intelRoot"`
	// SoftwareRoots accepts software platforms under these roots, by fingerprint.
	SoftwareRoots []string `json:"softwareRoots,omitempty"`
	// MREnclave and MRSigner are 32 bytes of hex each. One of them is required, and ProductID with MRSigner.
	MREnclave []string `json:"mrEnclave,omitempty"`
	MRSigner  []string `json:"mrSigner,omitempty"`
	ProductID *uint16  `json:"productId,omitempty"`
	// MinimumSecurityVersion is the lowest ISVSVN to accept. It is required, also when it is 0.
	MinimumSecurityVersion *uint16 `json:"minimumSecurityVersion,omitempty"`
	// AcceptedAdvisoryIDs are advisories that the relying party has dealt with; RefusedAdvisoryIDs are refused whatever the status is.
	AcceptedAdvisoryIDs []string `json:"acceptedAdvisoryIds,omitempty"`
	RefusedAdvisoryIDs  []string `json:"refusedAdvisoryIds,omitempty"`
	// AllowDebug accepts an enclave whose memory a debugger can read.
	AllowDebug bool `json:"allowDebug,omitempty"`
	// ExpiredCollateralGraceMs is how long expired collateral stays acceptable.
	ExpiredCollateralGraceMs int64 `json:"expiredCollateralGraceMs,omitempty"`
	// AllowNotYetValid accepts certificates and collateral that begin after the time of verification.
	AllowNotYetValid bool `json:"allowNotYetValid,omitempty"`
	// TimeFloor: the clock is wrong if it is before this, like 2026-06-01T00:00:00Z. For an enclave, whose clock is the host's.
	TimeFloor string `json:"timeFloor,omitempty"`
	// MinimumTCBEvaluationDataNumber is the lowest one, of TCB info and QE identity, to accept.
	MinimumTCBEvaluationDataNumber uint32 `json:"minimumTcbEvaluationDataNumber,omitempty"`
}

// Policy is a policy that is complete and checked. [ParsePolicy] and [NewPolicy] make one.
type Policy struct {
	statuses                []string
	intelRoot               bool
	softwareRoots           []string
	mrEnclave, mrSigner     []string
	productID               *uint32
	minimumSVN              uint32
	extendedProduct, family []string
	config                  []string
	minimumConfigSVN        *uint32
	accepted, refused       []advisory
	allowDebug              bool
	grace, age              durations
	allowNotYetValid        bool
	timeFloor               *time.Time
	minimumEvaluation       uint32
	// keySeparation is the first rule that wants KSS, or empty.
	keySeparation string
}

// advisory is an advisory, and the last moment for which the rule about it holds; zero for ever.
type advisory struct {
	id    string
	until time.Time
}

// durations are milliseconds for each part, and under "default" for those that are not named.
type durations map[string]int64

// NewPolicy checks rules that are written in Go. Errors are those of [ParsePolicy].
func NewPolicy(rules Rules) (*Policy, error) {
	text, err := json.Marshal(rules)
	if err != nil {
		return nil, misused("The rules cannot be written as JSON: %v.", err)
	}
	return ParsePolicy(text)
}

// ParsePolicy checks a policy in JSON, in the form that `@enclos/attestation/schema/policy.schema.json` describes. A missing,
// malformed or unknown rule refuses: none is ever read as "anything".
//
// APPRAISAL_REFUSED names the rule in Field; a policy for another TEE than SGX has "tee" there. A CODEC code is for text that is not
// strict JSON.
func ParsePolicy(text []byte) (*Policy, error) {
	value, err := strictjson.Parse(string(text), mostPolicyLength)
	if err != nil {
		return nil, codecError(err)
	}
	object, isObject := value.(*strictjson.Object)
	if !isObject {
		return nil, incomplete("policy", "an object with its own rules and none inherited")
	}
	if err := checkTEE(object); err != nil {
		return nil, err
	}
	p := &Policy{}
	readers := p.readers()
	for _, name := range object.Names {
		rule, isKnown := readers[name]
		if !isKnown {
			return nil, incomplete(name, "the name of a rule")
		}
		if !rule.read(object.Values[name]) {
			return nil, incomplete(name, rule.expected)
		}
	}
	return p, p.checkComplete(object)
}

// checkTEE refuses a policy that is for another TEE, by its mark when it does not say so.
func checkTEE(object *strictjson.Object) error {
	if tee, has := object.Values["tee"]; has {
		switch tee {
		case "sgx":
			return nil
		case "tdx", "sev-snp":
			return refuseByRule("tee", tee, "sgx")
		}
		return incomplete("tee", `"sgx", "tdx" or "sev-snp"`)
	}
	for _, mark := range [][2]string{{"mrTd", "tdx"}, {"measurements", "sev-snp"}} {
		if _, has := object.Values[mark[0]]; has {
			return incomplete("tee", fmt.Sprintf("%q, because %s is given", mark[1], mark[0]))
		}
	}
	return nil
}

func (p *Policy) checkComplete(object *strictjson.Object) error {
	for _, name := range []string{"acceptedStatuses", "intelRoot", "minimumSecurityVersion"} {
		if _, has := object.Values[name]; !has {
			return incomplete(name, "present")
		}
	}
	switch {
	case p.mrEnclave == nil && p.mrSigner == nil:
		return incomplete("mrEnclave", "mrEnclave, or mrSigner and productId")
	case p.mrSigner != nil && p.productID == nil:
		return incomplete("productId", "an integer, because mrSigner is given")
	case !p.intelRoot && p.softwareRoots == nil:
		return incomplete("softwareRoots", "intelRoot: true, or fingerprints of software roots")
	}
	for _, name := range []string{"extendedProductId", "familyId", "configId", "minimumConfigSecurityVersion"} {
		if _, has := object.Values[name]; has && p.keySeparation == "" {
			p.keySeparation = name
		}
	}
	return nil
}

func incomplete(field, expected string) error {
	return &Error{Code: "APPRAISAL_REFUSED", Message: "The policy is incomplete: " + field + " must be " + expected + ".", Field: field,
		Expected: expected, Got: "an incomplete policy"}
}

// rule reads one value of a policy into its place, and tells whether it is of the form.
type rule struct {
	expected string
	read     func(value any) bool
}

func (p *Policy) readers() map[string]rule {
	return map[string]rule{
		"$schema":                        {"a string", func(value any) bool { _, is := value.(string); return is }},
		"tee":                            {`"sgx"`, func(value any) bool { return value == "sgx" }},
		"acceptedStatuses":               statuses(&p.statuses),
		"intelRoot":                      boolean(&p.intelRoot),
		"softwareRoots":                  hexes(&p.softwareRoots, 32),
		"acceptedAdvisoryIds":            advisories(&p.accepted),
		"refusedAdvisoryIds":             advisories(&p.refused),
		"allowDebug":                     boolean(&p.allowDebug),
		"expiredCollateralGraceMs":       durationsOf(&p.grace, datedParts),
		"maximumCollateralAgeMs":         durationsOf(&p.age, documentParts),
		"allowNotYetValid":               boolean(&p.allowNotYetValid),
		"timeFloor":                      timeRule(&p.timeFloor),
		"minimumTcbEvaluationDataNumber": integer(func(n uint32) { p.minimumEvaluation = n }, mostEvaluation),
		"mrEnclave":                      hexes(&p.mrEnclave, 32),
		"mrSigner":                       hexes(&p.mrSigner, 32),
		"productId":                      integer(func(n uint32) { p.productID = &n }, 65_535),
		"minimumSecurityVersion":         integer(func(n uint32) { p.minimumSVN = n }, 65_535),
		"extendedProductId":              hexes(&p.extendedProduct, 16),
		"familyId":                       hexes(&p.family, 16),
		"configId":                       hexes(&p.config, 64),
		"minimumConfigSecurityVersion":   integer(func(n uint32) { p.minimumConfigSVN = &n }, 65_535),
	}
}

func boolean(into *bool) rule {
	return rule{"true or false", func(value any) (is bool) { *into, is = value.(bool); return is }}
}

func integer(into func(uint32), most float64) rule {
	return rule{fmt.Sprintf("an integer from 0 to %.0f", most), func(value any) bool {
		number, is := wholeNumber(value, most)
		if is {
			into(uint32(number))
		}
		return is
	}}
}

func wholeNumber(value any, most float64) (float64, bool) {
	number, isNumber := value.(float64)
	return number, isNumber && number == math.Trunc(number) && number >= 0 && number <= most
}

// strs reads strings, of which there must be at least one.
func strs(value any) ([]string, bool) {
	items, isArray := value.([]any)
	var found []string
	for _, item := range items {
		text, isText := item.(string)
		isArray = isArray && isText
		found = append(found, text)
	}
	return found, isArray && len(found) > 0
}

func hexes(into *[]string, size int) rule {
	return rule{fmt.Sprintf("a non-empty array of %d bytes of hex", size), func(value any) bool {
		found, is := strs(value)
		for i, text := range found {
			decoded, err := hex.DecodeString(text)
			is = is && err == nil && len(decoded) == size
			found[i] = strings.ToLower(text)
		}
		*into = found
		return is
	}}
}

var acceptable = []string{"OK", "SW_HARDENING_NEEDED", "CONFIGURATION_NEEDED", "CONFIGURATION_AND_SW_HARDENING_NEEDED", "OUT_OF_DATE",
	"OUT_OF_DATE_CONFIGURATION_NEEDED", "TD_RELAUNCH_ADVISED", "TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED"}

func statuses(into *[]string) rule {
	return rule{"a non-empty array of " + strings.Join(acceptable, ", "), func(value any) bool {
		found, is := strs(value)
		for _, text := range found {
			is = is && slices.Contains(acceptable, text)
		}
		*into = found
		return is
	}}
}

func advisories(into *[]advisory) rule {
	return rule{"an array of ids, or of objects with id and until", func(value any) bool {
		items, is := value.([]any)
		for _, item := range items {
			one, isAdvisory := readAdvisory(item)
			is = is && isAdvisory
			*into = append(*into, one)
		}
		return is
	}}
}

func readAdvisory(value any) (advisory, bool) {
	if id, isText := value.(string); isText {
		return advisory{id: id}, true
	}
	object, isObject := value.(*strictjson.Object)
	if !isObject || len(object.Names) != 2 {
		return advisory{}, false
	}
	id, hasID := object.Values["id"].(string)
	until, hasUntil := readTime(object.Values["until"])
	return advisory{id, until}, hasID && hasUntil
}

func durationsOf(into *durations, parts []Part) rule {
	return rule{"milliseconds, or an object with milliseconds for some parts", func(value any) bool {
		if single, is := wholeNumber(value, mostSafeInteger); is {
			*into = durations{"default": int64(single)}
			return true
		}
		object, isObject := value.(*strictjson.Object)
		if !isObject {
			return false
		}
		*into = durations{}
		for _, name := range object.Names {
			ms, is := wholeNumber(object.Values[name], mostSafeInteger)
			if !is || name != "default" && !slices.Contains(parts, Part(name)) {
				return false
			}
			(*into)[name] = int64(ms)
		}
		return true
	}}
}

func timeRule(into **time.Time) rule {
	return rule{"a time like 2026-06-01T00:00:00Z", func(value any) bool {
		at, is := readTime(value)
		*into = &at
		return is
	}}
}

var timePattern = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{3})?Z$`)

func readTime(value any) (time.Time, bool) {
	text, isText := value.(string)
	if !isText || !timePattern.MatchString(text) {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}
