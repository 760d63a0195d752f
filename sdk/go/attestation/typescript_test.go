package attestation

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"
)

// typeScriptCase is one question, and what the verifier of @enclos/attestation says; tests/integration/test/go makes them.
type typeScriptCase struct {
	Name, Collateral, Root, ReportData string
	Quote                              []byte
	Now                                time.Time
	AllowTrailing                      bool
	Policy                             *string
	Expected                           map[string]any
}

func TestSameAsTypeScript(t *testing.T) {
	file := os.Getenv("ENCLOS_ATTESTATION_CASES")
	if file == "" {
		t.Skip("ENCLOS_ATTESTATION_CASES is not set: the integration test of this name makes the cases")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []typeScriptCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	codes := map[any]int{}
	for _, c := range cases {
		found := jsonOf(t, c.answer(t))
		if !reflect.DeepEqual(found, c.Expected) {
			t.Errorf("%s:\n got  %v\n want %v", c.Name, found, c.Expected)
		}
		codes[found["code"]]++
	}
	t.Logf("compared %d cases: %v", len(cases), codes)
}

func jsonOf(t *testing.T, value any) (object map[string]any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &object)
	}
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func (c *typeScriptCase) answer(t *testing.T) any {
	t.Helper()
	root := IntelRoot()
	if c.Root != "" {
		var err error
		if root, err = SoftwareRoot([]byte(c.Root)); err != nil {
			t.Fatal(err)
		}
	}
	verdict, err := c.verify(root)
	if err == nil {
		return factsOf(verdict.Facts())
	}
	var refused *Error
	if !errors.As(err, &refused) {
		t.Fatalf("%s: an error of another type: %v", c.Name, err)
	}
	return map[string]any{"code": refused.Code, "step": refused.Step, "status": refused.Status, "field": refused.Field}
}

func (c *typeScriptCase) verify(root Root) (*Verdict, error) {
	endorsements, err := ParseCollateral([]byte(c.Collateral))
	if err != nil {
		return nil, err
	}
	options := VerifyOptions{Roots: []Root{root}, Now: c.Now, AllowTrailingBytes: c.AllowTrailing}
	verdict, err := VerifyQuote(c.Quote, endorsements, options)
	// What was kept of the platform changes nothing, and the trust in its root is asked for anew.
	again, errAgain := VerifyQuote(c.Quote, endorsements, options)
	isSame := err == nil && errAgain == nil && reflect.DeepEqual(verdict.Facts(), again.Facts()) ||
		err != nil && errAgain != nil && err.Error() == errAgain.Error()
	options.Roots = []Root{{kind: RootSoftware}}
	_, untrusted := VerifyQuote(c.Quote, endorsements, options)
	if err == nil && !errors.Is(untrusted, &Error{Code: "EVIDENCE_REFUSED", Status: "SGX_PCK_CERT_CHAIN_UNTRUSTED"}) || !isSame {
		return nil, fmt.Errorf("the second time: %w, and without trust: %w", errAgain, untrusted)
	}
	if err == nil && endorsements.pckChain == nil && !c.AllowTrailing {
		facts := verdict.Facts()
		if origin, err := ReadOrigin(c.Quote); err != nil || origin.FMSPC != facts.Platform.FMSPC || origin.Root != facts.Root {
			return nil, fmt.Errorf("another origin: %+v %w", origin, err)
		}
	}
	if err != nil || c.Policy == nil {
		return verdict, err
	}
	policy, err := ParsePolicy([]byte(*c.Policy))
	if err != nil {
		return nil, err
	}
	reportData, err := hex.DecodeString(c.ReportData)
	if err != nil {
		return nil, err
	}
	_, err = Appraise(verdict, policy, BoundTo(reportData), c.Now)
	return verdict, err
}

func factsOf(f Facts) map[string]any {
	iso := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.UTC().Format("2006-01-02T15:04:05Z")
	}
	parts := map[string][]string{}
	for part, dates := range f.Collateral.Parts {
		parts[string(part)] = []string{iso(dates.From), iso(dates.Until)}
	}
	short := []string{}
	for _, s := range f.Shortfall {
		short = append(short, fmt.Sprintf("%s/%d/%d/%d", s.Component, s.Index, s.Has, s.Needs))
	}
	instance := ""
	if f.Platform.Instance != nil {
		instance = hex.EncodeToString(f.Platform.Instance[:])
	}
	return map[string]any{
		"status": f.Status, "platformStatus": f.PlatformStatus, "qeStatus": f.QEStatus, "tcbDate": iso(f.TCBDate),
		"advisoryIds": append([]string{}, f.Advisories...), "shortfall": short, "quoteVersion": f.QuoteVersion,
		"numbers": []uint32{f.TCBInfoNumber, f.QEIdentityNumber}, "fmspc": hex.EncodeToString(f.Platform.FMSPC[:]),
		"ppid": hex.EncodeToString(f.Platform.PPID[:]), "instance": instance, "sgxType": f.Platform.SGXType,
		"root": f.Root.Fingerprint(), "pckNotYetValid": f.PCKNotYetValid, "expired": append([]Part{}, f.Collateral.Expired...),
		"notYetValid": append([]Part{}, f.Collateral.NotYetValid...),
		"dates":       []string{iso(f.Collateral.EarliestIssue), iso(f.Collateral.LatestIssue), iso(f.Collateral.EarliestExpiration)},
		"parts":       parts, "mrEnclave": hex.EncodeToString(f.Report.MRENCLAVE[:]), "mrSigner": hex.EncodeToString(f.Report.MRSIGNER[:]),
		"productId": f.Report.ProductID, "securityVersion": f.Report.SecurityVersion, "flags": fmt.Sprint(f.Report.Flags),
		"reportData": hex.EncodeToString(f.Report.ReportData[:]),
	}
}
