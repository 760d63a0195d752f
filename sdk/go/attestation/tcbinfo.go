package attestation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"enclos.invalid/sdk/internal/strictjson"
)

const (
	// Intel's largest TCB info is 10 KiB.
	mostBodyLength  = 262_144
	componentCount  = 16
	mostLevels      = 256
	mostIdentities  = 256
	mostEvaluation  = 0xffff_ffff
	mostAdvisories  = 256
	longestAdvisory = 64
)

// Status is the TCB status of a quote, a platform or an enclave: the names of QVL without STATUS_ and TCB_, but for TCB_NOT_SUPPORTED.
type Status string

// The statuses.
const (
	StatusOK                                Status = "OK"
	StatusSWHardeningNeeded                 Status = "SW_HARDENING_NEEDED"
	StatusConfigurationNeeded               Status = "CONFIGURATION_NEEDED"
	StatusConfigurationAndSWHardeningNeeded Status = "CONFIGURATION_AND_SW_HARDENING_NEEDED"
	StatusOutOfDate                         Status = "OUT_OF_DATE"
	StatusOutOfDateConfigurationNeeded      Status = "OUT_OF_DATE_CONFIGURATION_NEEDED"
	StatusRevoked                           Status = "REVOKED"
	StatusNotSupported                      Status = "TCB_NOT_SUPPORTED"
)

// platformStatuses are tcbStatus in the JSON of the TCB info.
var platformStatuses = map[string]Status{
	"UpToDate":                          StatusOK,
	"SWHardeningNeeded":                 StatusSWHardeningNeeded,
	"ConfigurationNeeded":               StatusConfigurationNeeded,
	"ConfigurationAndSWHardeningNeeded": StatusConfigurationAndSWHardeningNeeded,
	"OutOfDate":                         StatusOutOfDate,
	"OutOfDateConfigurationNeeded":      StatusOutOfDateConfigurationNeeded,
	"Revoked":                           StatusRevoked,
}

// enclaveStatuses are tcbStatus in the JSON of an enclave identity. QVL also reads the configuration statuses there and then ignores
// them; they have never been published, and are refused.
var enclaveStatuses = map[string]Status{"UpToDate": StatusOK, "OutOfDate": StatusOutOfDate, "Revoked": StatusRevoked}

type component struct {
	svn            uint32
	category, kind string
}

// level is one level of a TCB info, or of the identity of an enclave, which has only svn.
type level struct {
	components []component
	// svn is PCESVN of a platform, ISVSVN of an enclave.
	svn        uint32
	tcbDate    time.Time
	status     Status
	advisories []string
	// key orders the levels.
	key []uint32
}

// tcbInfo is Intel's TCB info, version 3, or version 2 for SGX.
type tcbInfo struct {
	tee                   string
	issueDate, nextUpdate time.Time
	fmspc, pceID          []byte
	evaluationNumber      uint32
	// levels has the highest first.
	levels []level
}

// parseTCBInfo parses the body of a TCB info (Intel PCS API v4, "Get TCB Info"). Members that are not known are ignored: the
// signature covers them, and Intel adds some.
func parseTCBInfo(body string) (*tcbInfo, error) {
	value, err := strictjson.Parse(body, mostBodyLength)
	if err != nil {
		return nil, err
	}
	r := strictjson.NewRecord(value, "tcbInfo")
	version := r.Integer("version", 255)
	if version != 2 && version != 3 {
		r.Failf("version is neither 2 nor 3")
	}
	info := &tcbInfo{tee: "SGX"}
	if version == 3 {
		info.tee = r.String("id", 8)
	}
	if info.tee != "SGX" && info.tee != "TDX" {
		r.Failf("id is neither SGX nor TDX")
	}
	if r.Integer("tcbType", 255) != 0 {
		r.Failf("tcbType is not 0")
	}
	isTDX := info.tee == "TDX"
	if !isTDX && (r.Has("tdxModule") || r.Has("tdxModuleIdentities")) {
		r.Failf("a TDX module is described for SGX")
	}
	info.issueDate, info.nextUpdate = r.Date("issueDate"), r.Date("nextUpdate")
	info.fmspc, info.pceID = r.Hex("fmspc", 6), r.Hex("pceId", 2)
	info.evaluationNumber = r.Integer("tcbEvaluationDataNumber", mostEvaluation)
	if isTDX {
		checkModule(r.Record("tdxModule"))
	}
	checkModuleIdentities(r)
	for _, fields := range r.Records("tcbLevels", 1, mostLevels) {
		info.levels = append(info.levels, readPlatformLevel(fields, version, isTDX))
	}
	sortLevels(r, info.levels)
	if r.Err() != nil {
		return nil, r.Err()
	}
	return info, nil
}

func readPlatformLevel(fields *strictjson.Record, version uint32, isTDX bool) (l level) {
	tcb := fields.Record("tcb")
	var others []component
	if version == 2 {
		for i := 1; i <= componentCount; i++ {
			l.components = append(l.components, component{svn: tcb.Integer(fmt.Sprintf("sgxtcbcomp%02dsvn", i), 255)})
		}
	} else {
		l.components = readComponents(tcb, "sgxtcbcomponents")
		if isTDX {
			others = readComponents(tcb, "tdxtcbcomponents")
		}
	}
	l.readCommon(fields, func() *strictjson.Record { return tcb }, "pcesvn", platformStatuses)
	for _, c := range l.components {
		l.key = append(l.key, c.svn)
	}
	l.key = append(l.key, l.svn)
	for _, c := range others {
		l.key = append(l.key, c.svn)
	}
	return l
}

// readCommon reads what all levels have. The order of the members decides which mistake of several is reported.
func (l *level) readCommon(fields *strictjson.Record, tcb func() *strictjson.Record, svn string, statuses map[string]Status) {
	name := fields.String("tcbStatus", 64)
	status, isKnown := statuses[name]
	if !isKnown {
		fields.Failf("tcbStatus is not a known status")
	}
	l.status = status
	l.svn = tcb().Integer(svn, 65_535)
	l.tcbDate = fields.Date("tcbDate")
	l.advisories = fields.Strings("advisoryIDs", mostAdvisories, longestAdvisory)
}

func readComponents(tcb *strictjson.Record, name string) (found []component) {
	for _, fields := range tcb.Records(name, componentCount, componentCount) {
		var c component
		if fields.Has("category") {
			c.category = fields.String("category", 128)
		}
		if fields.Has("type") {
			c.kind = fields.String("type", 128)
		}
		c.svn = fields.Integer("svn", 255)
		found = append(found, c)
	}
	return found
}

// sortLevels keeps the levels in descending order, as QVL does, which refuses two that are equal.
func sortLevels(r *strictjson.Record, levels []level) {
	slices.SortStableFunc(levels, func(a, b level) int { return slices.Compare(b.key, a.key) })
	for i := range levels {
		if i > 0 && slices.Equal(levels[i-1].key, levels[i].key) {
			r.Failf("two TCB levels are equal")
		}
	}
}

// checkModule reads the description of a TDX module. No quote of one is verified here, so nothing of it is kept.
func checkModule(fields *strictjson.Record) {
	fields.Hex("attributesMask", 8)
	fields.Hex("mrsigner", 48)
	fields.Hex("attributes", 8)
}

func checkModuleIdentities(r *strictjson.Record) {
	if !r.Has("tdxModuleIdentities") {
		return
	}
	identities := r.Records("tdxModuleIdentities", 0, mostIdentities)
	seen := map[string]bool{}
	for _, fields := range identities {
		seen[strings.ToUpper(fields.String("id", 64))] = true
		checkModule(fields)
		readEnclaveLevels(fields)
	}
	if len(seen) != len(identities) {
		r.Failf("two TDX module identities are equal")
	}
}

func readEnclaveLevels(r *strictjson.Record) (levels []level) {
	for _, fields := range r.Records("tcbLevels", 1, mostLevels) {
		var l level
		l.readCommon(fields, func() *strictjson.Record { return fields.Record("tcb") }, "isvsvn", enclaveStatuses)
		l.key = []uint32{l.svn}
		levels = append(levels, l)
	}
	sortLevels(r, levels)
	return levels
}

// identity is Intel's identity of one of its attestation enclaves, version 2.
type identity struct {
	id                         string
	issueDate, nextUpdate      time.Time
	evaluationNumber           uint32
	miscSelect, miscSelectMask []byte
	attributes, attributesMask []byte
	mrSigner                   []byte
	productID                  uint32
	levels                     []level
}

// errIdentityVersion is the one refusal of an identity that QVL names apart from the others.
var errIdentityVersion = errors.New("the version of the enclave identity is not 2")

// parseIdentity parses the body of an enclave identity (Intel PCS API v4, "Get Quoting Enclave Identity").
func parseIdentity(body string) (*identity, error) {
	value, err := strictjson.Parse(body, mostBodyLength)
	if err != nil {
		return nil, err
	}
	r := strictjson.NewRecord(value, "enclaveIdentity")
	i := &identity{id: r.String("id", 8)}
	if !slices.Contains([]string{"QE", "QVE", "QAE", "TD_QE"}, i.id) {
		r.Failf("id is not a known enclave")
	}
	if version := r.Integer("version", mostEvaluation); r.Err() == nil && version != 2 {
		return nil, errIdentityVersion
	}
	i.issueDate, i.nextUpdate = r.Date("issueDate"), r.Date("nextUpdate")
	i.evaluationNumber = r.Integer("tcbEvaluationDataNumber", mostEvaluation)
	i.miscSelect, i.miscSelectMask = r.Hex("miscselect", 4), r.Hex("miscselectMask", 4)
	i.attributes, i.attributesMask = r.Hex("attributes", 16), r.Hex("attributesMask", 16)
	i.mrSigner, i.productID = r.Hex("mrsigner", 32), r.Integer("isvprodid", 65_535)
	i.levels = readEnclaveLevels(r)
	if r.Err() != nil {
		return nil, r.Err()
	}
	return i, nil
}
