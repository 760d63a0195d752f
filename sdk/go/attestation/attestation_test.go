package attestation

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
)

// frame is a quote of version 3 with parts of the right lengths, and nothing genuine in it.
func frame() []byte {
	q := make([]byte, headerBytes+reportBytes+4)
	q[0], q[2] = 3, 2
	copy(q[12:], intelVendor)
	data := make([]byte, 64+64+reportBytes+64)
	data = append(data, 2, 0, 'a', 'b', chainData, 0, 3, 0, 0, 0, 'p', 'e', 'm')
	binary.LittleEndian.PutUint32(q[headerBytes+reportBytes:], uint32(len(data)))
	return append(q, data...)
}

func TestQuoteFrame(t *testing.T) {
	q, err := readQuote(frame(), false)
	if err != nil || string(q.qeAuthData) != "ab" || string(q.certification) != "pem" {
		t.Fatalf("a good frame: %+v %v", q, err)
	}
	for name, change := range map[string]func([]byte) []byte{
		"of a trust domain":     func(b []byte) []byte { b[4] = 0x81; return b },
		"a report of SEV-SNP":   func([]byte) []byte { return append([]byte{3, 0, 0, 0}, make([]byte, 1180)...) },
		"version 6":             func(b []byte) []byte { b[0] = 6; return b },
		"cut":                   func(b []byte) []byte { return b[:len(b)-1] },
		"bytes after it":        func(b []byte) []byte { return append(b, 0) },
		"endless data":          func(b []byte) []byte { copy(b[headerBytes+reportBytes:], "\xff\xff\xff\xff"); return b },
		"another vendor":        func(b []byte) []byte { b[12]++; return b },
		"unknown certification": func(b []byte) []byte { b[len(b)-9] = 7; return b },
		"too long":              func(b []byte) []byte { return append(b, make([]byte, mostQuoteBytes)...) },
	} {
		_, err := readQuote(change(frame()), false)
		if !errors.Is(err, &Error{Code: "EVIDENCE_REFUSED", Status: "UNSUPPORTED_QUOTE_FORMAT"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	td := frame()
	td[4] = trustDomain
	if _, err := readQuote(td, false); err == nil || !strings.Contains(err.Error(), "TDX") {
		t.Errorf("a trust domain is not named: %v", err)
	}
	if _, err := readQuote(append(frame(), 0), true); err != nil {
		t.Errorf("trailing bytes that are allowed: %v", err)
	}
}

func TestMisuse(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	policy, err := NewPolicy(Rules{AcceptedStatuses: []Status{StatusOK}, IntelRoot: true, MREnclave: []string{strings.Repeat("00", 32)},
		MinimumSecurityVersion: new(uint16), ExpiredCollateralGraceMs: 1 << 52})
	if err != nil {
		t.Fatal(err)
	}
	verdict := &Verdict{&Facts{Evaluation: Evaluation{Status: StatusOK}, Root: IntelRoot()}}
	if _, err := Appraise(verdict, policy, BoundTo(make([]byte, 64)), now); err != nil {
		t.Errorf("a good call: %v", err)
	}
	endorsements := &Endorsements{}
	for name, call := range map[string]func() error{
		"no endorsements": func() error {
			_, err := VerifyQuote(nil, nil, VerifyOptions{Now: now, Roots: []Root{IntelRoot()}})
			return err
		},
		"made endorsements": func() error { _, err := VerifyQuote(nil, endorsements, VerifyOptions{Now: now}); return err },
		"no verdict":        func() error { _, err := Appraise(&Verdict{}, policy, Unbound("a test"), now); return err },
		"no policy":         func() error { _, err := Appraise(verdict, &Policy{}, Unbound("a test"), now); return err },
		"no binding":        func() error { _, err := Appraise(verdict, policy, Binding{}, now); return err },
		"an empty reason":   func() error { _, err := Appraise(verdict, policy, Unbound(" "), now); return err },
		"short report data": func() error { _, err := Appraise(verdict, policy, BoundTo(make([]byte, 32)), now); return err },
		"no report data":    func() error { _, err := Appraise(verdict, policy, BoundTo(nil), now); return err },
		"no time":           func() error { _, err := Appraise(verdict, policy, Unbound("a test"), time.Time{}); return err },
		"a short nonce":     func() error { _, err := BoundReportData("p", make([]byte, 15), nil); return err },
		"not a root":        func() error { _, err := SoftwareRoot([]byte("x")); return err },
	} {
		if err := call(); !errors.Is(err, &Error{Code: "VERIFIER_MISUSED"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFactsAreACopy(t *testing.T) {
	verdict := &Verdict{&Facts{Evaluation: Evaluation{Advisories: []string{"INTEL-SA-00615"}}}}
	verdict.Facts().Advisories[0] = "changed"
	if verdict.Facts().Advisories[0] != "INTEL-SA-00615" {
		t.Error("a caller changed a verdict")
	}
}

func TestUnexplained(t *testing.T) {
	named := []string{"INTEL-SA-1"}
	for _, one := range []struct {
		platform, quoting level
		unexplained       bool
	}{
		{level{status: StatusOK}, level{status: StatusOK}, false},
		{level{status: StatusSWHardeningNeeded, advisories: named}, level{status: StatusOK}, false},
		{level{status: StatusSWHardeningNeeded, advisories: named}, level{status: StatusOutOfDate, advisories: named}, false},
		{level{status: StatusSWHardeningNeeded, advisories: named}, level{status: StatusOutOfDate}, true},
		{level{status: StatusOutOfDate}, level{status: StatusOutOfDate, advisories: named}, true},
	} {
		e := evaluate(&Platform{}, 0, &tcbInfo{levels: []level{one.platform}}, &identity{levels: []level{one.quoting}})
		if e.Unexplained != one.unexplained {
			t.Errorf("%+v", one)
		}
	}
}

func TestSplitSignedBody(t *testing.T) {
	body, signature, err := SplitSignedBody([]byte(`{"tcbInfo": {"a": 1 },"signature":"ab"}`), "tcbInfo")
	if body != `{"a": 1 }` || signature != "ab" || err != nil {
		t.Errorf("split into %q and %q: %v", body, signature, err)
	}
	for _, text := range []string{`{"tcbInfo":{}}`, `{"signature":"ab"}`, `[]`, `{"tcbInfo":{},"tcbInfo":{},"signature":"ab"}`} {
		if _, _, err := SplitSignedBody([]byte(text), "tcbInfo"); !errors.Is(err, &Error{Code: "CODEC_INVALID"}) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzQuote: no input panics, and what is accepted covers its bytes.
func FuzzQuote(f *testing.F) {
	f.Add(frame())
	for _, version := range []byte{4, 5} {
		q := frame()
		q[0] = version
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		q, err := readQuote(input, false)
		if err == nil && !bytes.HasPrefix(input, q.signedBytes) {
			t.Error("signed bytes that are not those of the quote")
		}
	})
}

// TestOrigin: what has no chain that looks like one has no origin. TestSameAsTypeScript compares that of good quotes.
func TestOrigin(t *testing.T) {
	looked := frame()
	looked[len(looked)-9] = 1
	for name, evidence := range map[string][]byte{"nothing": nil, "a chain that is not PEM": frame(), "no chain": looked} {
		if _, err := ReadOrigin(evidence); !errors.Is(err, &Error{Code: "EVIDENCE_REFUSED"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	f.Add(frame())
	f.Fuzz(func(t *testing.T, evidence []byte) {
		if origin, err := ReadOrigin(evidence); err == nil && origin.CA != "processor" && origin.CA != "platform" {
			t.Error("neither of the authorities")
		}
	})
}

func FuzzCollateral(f *testing.F) {
	f.Add([]byte(`{"pck_crl_issuer_chain":"","root_ca_crl":"","pck_crl":"","tcb_info_issuer_chain":"","tcb_info":"{}","tcb_info_signature":""}`))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = ParseCollateral(text) })
}

func FuzzTCBInfo(f *testing.F) {
	f.Add(`{"id":"SGX","version":3,"issueDate":"2025-06-19T10:56:11Z","nextUpdate":"2025-06-19T10:56:11Z","fmspc":"00906ED50000",` +
		`"pceId":"0000","tcbType":0,"tcbEvaluationDataNumber":17,"tcbLevels":[{"tcb":{"sgxtcbcomponents":[],"pcesvn":11}}]}`)
	f.Add(`{"version":2,"tcbType":0,"tcbLevels":[{"tcb":{"sgxtcbcomp01svn":1}}]}`)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = parseTCBInfo(text) })
}

func FuzzIdentity(f *testing.F) {
	f.Add(`{"id":"QE","version":2,"miscselect":"00000000","tcbLevels":[{"tcb":{"isvsvn":8},"tcbStatus":"UpToDate"}]}`)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = parseIdentity(text) })
}

func FuzzSGXExtension(f *testing.F) {
	f.Add([]byte{0x30, 0x0e, 0x30, 0x0c, 0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, 0x02})
	f.Fuzz(func(_ *testing.T, value []byte) { _, _ = parseSGXExtension(value) })
}

func FuzzPolicy(f *testing.F) {
	f.Add([]byte(`{"intelRoot":true,"acceptedStatuses":["OK"],"minimumSecurityVersion":1,"mrEnclave":["00"],"expiredCollateralGraceMs":{"default":1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := ParsePolicy(text); err == nil && p.statuses == nil {
			t.Error("a policy that accepts no status")
		}
	})
}
