package remote

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	sdk "enclos.invalid/sdk/attestation"
	"enclos.invalid/sdk/oe"
	"github.com/edgelesssys/ego/attestation"
	"github.com/edgelesssys/ego/attestation/tcbstatus"
)

func factsOf(status sdk.Status) *sdk.Facts {
	facts := &sdk.Facts{Evaluation: sdk.Evaluation{Status: status, Advisories: []string{"INTEL-SA-1"}}}
	facts.Report.ProductID, facts.Report.SecurityVersion, facts.Report.Flags = 0x1234, 3, 2
	facts.Report.MRENCLAVE[0], facts.Report.MRSIGNER[0], facts.Report.ReportData[63] = 1, 2, 3
	return facts
}

func TestStatuses(t *testing.T) {
	seen := map[tcbstatus.Status]bool{}
	for from, to := range statuses {
		report, err := judge(factsOf(from), nil)
		if isGood := from == sdk.StatusOK; report.TCBStatus != to || isGood != (err == nil) || !isGood && err != attestation.ErrTCBLevelInvalid {
			t.Errorf("%s: %s %v", from, report.TCBStatus, err)
		}
		if len(report.Data) != 64 || report.Data[63] != 3 || report.UniqueID[0] != 1 || report.SignerID[0] != 2 || !report.Debug ||
			report.SecurityVersion != 3 || !slices.Equal(report.ProductID, append([]byte{0x34, 0x12}, make([]byte, 14)...)) ||
			!slices.Equal(report.TCBAdvisories, []string{"INTEL-SA-1"}) {
			t.Errorf("%s: %+v", from, report)
		}
		seen[to] = true
	}
	if len(seen) != 7 || seen[tcbstatus.Unknown] {
		t.Errorf("%d statuses", len(seen))
	}
	refused := func(what string, facts *sdk.Facts) {
		t.Helper()
		report, err := judge(facts, []string{"INTEL-SA-1"})
		if !errors.Is(err, &sdk.Error{Code: "APPRAISAL_REFUSED"}) || report.Data != nil {
			t.Errorf("%s: %+v %v", what, report, err)
		}
	}
	refused("below every level", factsOf(sdk.StatusNotSupported))
	expired, early := factsOf(sdk.StatusOK), factsOf(sdk.StatusOK)
	expired.Collateral.Expired = []sdk.Part{sdk.PartTCBInfo}
	early.Collateral.NotYetValid = []sdk.Part{sdk.PartPCKCRL}
	refused("expired", expired)
	refused("not valid yet", early)
}

// A platform whose advisories are all accepted by name passes, with its status; one that is revoked never does.
func TestAdvisories(t *testing.T) {
	t.Setenv(advisoriesVariable, "INTEL-SA-2, INTEL-SA-1")
	accepted, err := Outside().Advisories()
	if err != nil || !slices.Equal(accepted, []string{"INTEL-SA-2", "INTEL-SA-1"}) {
		t.Fatalf("%q %v", accepted, err)
	}
	for from, to := range statuses {
		report, err := judge(factsOf(from), accepted)
		if isRevoked := from == sdk.StatusRevoked; report.TCBStatus != to || isRevoked != (err == attestation.ErrTCBLevelInvalid) {
			t.Errorf("%s: %s %v", from, report.TCBStatus, err)
		}
	}
	two, none, quoting := factsOf(sdk.StatusOutOfDate), factsOf(sdk.StatusOutOfDate), factsOf(sdk.StatusOutOfDate)
	two.Advisories, none.Advisories = []string{"INTEL-SA-1", "INTEL-SA-3"}, nil
	// The platform names what is accepted, and its quoting enclave is out of date for no named reason.
	quoting.Unexplained = true
	for _, facts := range []*sdk.Facts{two, none, quoting} {
		if _, err := judge(facts, accepted); err != attestation.ErrTCBLevelInvalid {
			t.Errorf("advisories %q, unexplained %t: %v", facts.Advisories, facts.Unexplained, err)
		}
	}
}

func TestRoots(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":    "",
		"other text": "hello",
		"not one":    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	} {
		if _, err := readRoots([]byte(text)); !errors.Is(err, &sdk.Error{Code: "VERIFIER_MISUSED"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	roots, err := Outside().Roots()
	if err != nil || len(roots) != 1 || roots[0] != sdk.IntelRoot() {
		t.Errorf("without the variable: %v %v", roots, err)
	}
	t.Setenv(rootsVariable, filepath.Join(t.TempDir(), "none"))
	if _, err := Outside().Roots(); err == nil {
		t.Error("a file that is not there: accepted")
	}
}

func TestCollateral(t *testing.T) {
	software := &sdk.Origin{CA: "platform"}
	if _, err := Outside().Collateral(software); !errors.Is(err, &sdk.Error{Code: "ENDORSEMENTS_NOT_FOUND"}) {
		t.Errorf("a software platform without the variable: %v", err)
	}
	file := filepath.Join(t.TempDir(), "collateral.json")
	t.Setenv(collateralVariable, file)
	if _, err := Outside().Collateral(software); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Outside().Collateral(software); !errors.Is(err, &sdk.Error{Code: "ENDORSEMENTS_INVALID"}) {
		t.Errorf("an empty one: %v", err)
	}
	if err := os.WriteFile(file, make([]byte, mostFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Outside().Collateral(software); err == nil || errors.Is(err, &sdk.Error{Code: "ENDORSEMENTS_INVALID"}) {
		t.Errorf("an endless one: %v", err)
	}
	t.Setenv(collateralVariable, "http://user@host/")
	if _, err := Outside().Collateral(software); !errors.Is(err, &sdk.Error{Code: "ENDORSEMENTS_REQUEST_INVALID"}) {
		t.Errorf("an address with a user: %v", err)
	}
}

func TestKept(t *testing.T) {
	wanted := errors.New("unreachable")
	for i := 0; i < 2; i++ {
		// What fails is asked for again.
		if _, err := kept("somewhere", &sdk.Origin{}, func() ([]byte, error) { return nil, wanted }); !errors.Is(err, wanted) {
			t.Errorf("a source that fails: %v", err)
		}
	}
	at := place{"kept", sdk.Origin{}}
	stored := &sdk.Endorsements{}
	cache.entries = map[place]keptCollateral{at: {stored, time.Now().Add(time.Hour)}}
	if found, err := kept("kept", &sdk.Origin{}, func() ([]byte, error) { return nil, wanted }); found != stored || err != nil {
		t.Errorf("what is kept: %v %v", found, err)
	}
	cache.entries[at] = keptCollateral{stored, time.Now().Add(-time.Second)}
	if _, err := kept("kept", &sdk.Origin{}, func() ([]byte, error) { return nil, wanted }); !errors.Is(err, wanted) {
		t.Errorf("what has ended: %v", err)
	}
}

func TestVerify(t *testing.T) {
	trust := Outside()
	if _, err := trust.Verify(nil); err != attestation.ErrEmptyReport {
		t.Errorf("no report: %v", err)
	}
	for name, report := range map[string][]byte{
		"a local one": oe.EncodeReport(oe.Local, make([]byte, 432)),
		"not a quote": oe.EncodeReport(oe.Remote, make([]byte, 432)),
		"no header":   make([]byte, 500),
	} {
		if report, err := trust.Verify(report); err == nil || report.Data != nil {
			t.Errorf("%s: %+v %v", name, report, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(oe.EncodeReport(oe.Remote, make([]byte, 500)))
	trust := &Trust{
		Roots:      func() ([]sdk.Root, error) { return []sdk.Root{sdk.IntelRoot()}, nil },
		Advisories: func() ([]string, error) { return nil, nil },
		Collateral: func(*sdk.Origin) (*sdk.Endorsements, error) { return nil, errors.New("none") },
	}
	f.Fuzz(func(t *testing.T, report []byte) {
		if _, err := trust.Verify(report); err == nil {
			t.Error("accepted without collateral")
		}
	})
}
