package enclave

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	sdk "enclos.invalid/sdk/enclave"
	"enclos.invalid/sdk/oe"
	"github.com/edgelesssys/ego/attestation"
)

// Outside an enclave nothing works, and nothing gives a key of zeros.
func TestOutside(t *testing.T) {
	report := oe.EncodeReport(oe.Local, make([]byte, sdk.ReportSize))
	keyInfo := (&sdk.KeyRequest{Name: sdk.KeyNameSeal}).Encode()
	for name, call := range map[string]func() error{
		"GetSelfReport":                    func() error { _, err := GetSelfReport(); return err },
		"GetRemoteReport":                  func() error { _, err := GetRemoteReport(nil); return err },
		"VerifyRemoteReport":               func() error { _, err := VerifyRemoteReport(report); return err },
		"GetLocalReport":                   func() error { _, err := GetLocalReport(nil, nil); return err },
		"VerifyLocalReport":                func() error { _, err := VerifyLocalReport(report); return err },
		"GetSealKey":                       func() error { _, err := GetSealKey(keyInfo); return err },
		"GetSealKeyID":                     func() error { _, err := GetSealKeyID(); return err },
		"GetRandomUniqueSealKey":           func() error { _, _, err := GetRandomUniqueSealKey(); return err },
		"GetProductSealKey":                func() error { _, _, err := GetProductSealKey(); return err },
		"CreateAttestationServerTLSConfig": func() error { _, err := CreateAttestationServerTLSConfig(); return err },
		"CreateAzureAttestationToken":      func() error { _, err := CreateAzureAttestationToken(nil, "https://a.example"); return err },
	} {
		err := call()
		if err == nil || err.Error() != "OE_UNSUPPORTED" || !errors.Is(err, &sdk.Error{Code: "ENCLAVE_NOT_BOOTED"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	long := make([]byte, 65)
	if _, err := GetRemoteReport(long); err == nil || err.Error() == "OE_UNSUPPORTED" {
		t.Errorf("65 bytes of report data: %v", err)
	}
	if _, err := GetLocalReport(long, nil); err == nil || err.Error() == "OE_UNSUPPORTED" {
		t.Errorf("65 bytes of report data: %v", err)
	}
	if _, err := VerifyLocalReport(nil); err != attestation.ErrEmptyReport {
		t.Errorf("an empty report: %v", err)
	}
	remote := oe.EncodeReport(oe.Remote, make([]byte, sdk.ReportSize))
	if _, err := VerifyLocalReport(remote); err == nil || err.Error() == "OE_UNSUPPORTED" {
		t.Errorf("a remote report: %v", err)
	}
	for name, target := range map[string][]byte{
		"not a report":       make([]byte, 100),
		"a short one":        oe.EncodeReport(oe.Local, make([]byte, sdk.ReportSize-1)),
		"a remote one":       oe.EncodeReport(oe.Remote, make([]byte, offsetQuotedReport+bodySize-1)),
		"with reserved bits": oe.EncodeReport(oe.Local, append(make([]byte, 31), append([]byte{1}, make([]byte, sdk.ReportSize-32)...)...)),
	} {
		if _, err := GetLocalReport(nil, target); err == nil || err.Error() == "OE_UNSUPPORTED" {
			t.Errorf("a target that is %s: %v", name, err)
		}
	}
	for name, keyInfo := range map[string][]byte{
		"nothing":       nil,
		"a report key":  (&sdk.KeyRequest{Name: sdk.KeyNameReport}).Encode(),
		"unknown flags": (&sdk.KeyRequest{Name: sdk.KeyNameSeal, Policy: 0x40}).Encode(),
	} {
		if _, err := GetSealKey(keyInfo); err == nil || err.Error() == "OE_UNSUPPORTED" {
			t.Errorf("key information that is %s: %v", name, err)
		}
	}
}

// A target may be a report of either kind: both name the same enclave.
func TestTargets(t *testing.T) {
	body := make([]byte, sdk.ReportSize)
	body[64], body[48] = 9, 5
	quote := append(make([]byte, offsetQuotedReport), body[:bodySize]...)
	for kind, report := range map[oe.Kind][]byte{oe.Local: body, oe.Remote: append(quote, 1, 2, 3)} {
		identity, err := readAnyReport(oe.EncodeReport(kind, report))
		if err != nil || identity.MrEnclave[0] != 9 || identity.TargetInfo()[32] != 5 {
			t.Errorf("kind %d: %+v %v", kind, identity, err)
		}
	}
}

func TestRequestToken(t *testing.T) {
	report, data := []byte("a report"), []byte("data")
	status, answer := http.StatusOK, `{"token":"a.b.c"}`
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got struct {
			Report      string
			RuntimeData struct{ Data, DataType string }
		}
		err := json.NewDecoder(r.Body).Decode(&got)
		if err != nil || r.Method != http.MethodPost || r.URL.String() != "/attest/OpenEnclave?api-version=2020-10-01" ||
			got.Report != base64.RawURLEncoding.EncodeToString(report) || got.RuntimeData.DataType != "Binary" ||
			got.RuntimeData.Data != base64.RawURLEncoding.EncodeToString(data) || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("asked %s %s: %+v %v", r.Method, r.URL, got, err)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	if token, err := requestToken(report, data, server.URL+"/ignored"); token != "a.b.c" || err != nil {
		t.Errorf("a token: %q %v", token, err)
	}
	answer = `{}`
	if _, err := requestToken(report, data, server.URL); err == nil {
		t.Error("an answer without a token: accepted")
	}
	status = http.StatusBadRequest
	if _, err := requestToken(report, data, server.URL); err == nil {
		t.Error("a refusal: accepted")
	}
	if _, err := requestToken(report, data, "https://%zz"); err == nil {
		t.Error("not an address: accepted")
	}
}
