// Package tcbstatus names the statuses of a platform's trusted computing base (TCB).
package tcbstatus

import "strconv"

// Status says how good the TCB of a platform is, by the TCB information of its vendor.
type Status uint

// The statuses, with the values that EGo and Open Enclave give them.
const (
	UpToDate Status = iota
	OutOfDate
	Revoked
	ConfigurationNeeded
	OutOfDateConfigurationNeeded
	SWHardeningNeeded
	ConfigurationAndSWHardeningNeeded
	// Unknown is that of reports that say nothing of the TCB: local ones.
	Unknown
)

var statuses = [...]struct{ name, explanation string }{
	UpToDate:                          {"UpToDate", "The platform has all updates that its vendor asks for."},
	OutOfDate:                         {"OutOfDate", "The platform lacks updates of its microcode or firmware."},
	Revoked:                           {"Revoked", "The vendor has revoked this level of the platform. Do not trust it."},
	ConfigurationNeeded:               {"ConfigurationNeeded", "The platform has all updates, but its settings may weaken it."},
	OutOfDateConfigurationNeeded:      {"OutOfDateConfigurationNeeded", "The platform lacks updates, and its settings may weaken it."},
	SWHardeningNeeded:                 {"SWHardeningNeeded", "The platform has all updates, and its enclaves must work around a flaw of the processor themselves."},
	ConfigurationAndSWHardeningNeeded: {"ConfigurationAndSWHardeningNeeded", "The settings of the platform may weaken it, and its enclaves must work around a flaw of the processor themselves."},
	Unknown:                           {"Unknown", "Nothing is known about the level of the platform."},
}

// String returns the name of the constant.
func (i Status) String() string {
	if i < Status(len(statuses)) {
		return statuses[i].name
	}
	return "Status(" + strconv.FormatUint(uint64(i), 10) + ")"
}

// Explain says what a status means, for people.
func Explain(status Status) string {
	if status < Status(len(statuses)) {
		return statuses[status].explanation
	}
	return statuses[Unknown].explanation
}
