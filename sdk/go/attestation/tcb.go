package attestation

import (
	"slices"
	"time"
)

// Evaluation is what the security versions of platform and quoting enclave amount to.
type Evaluation struct {
	// Status is that of both together.
	Status         Status
	PlatformStatus Status
	QEStatus       Status
	// TCBDate is the older of the levels' dates; zero when one has no level.
	TCBDate time.Time
	// Advisories of all levels, each once, sorted.
	Advisories []string
	// Unexplained is true when a level is not up to date and names no advisory, so that the advisories do not say all that is wrong.
	Unexplained bool
	// Shortfall is what an update has to raise to reach the highest level.
	Shortfall []Shortfall
}

// Shortfall is one security version that keeps a platform from the highest level.
type Shortfall struct {
	// Component is "sgx" for a component of the TCB, "pce", or "qe".
	Component string
	// Index in the component, from 0; 0 for a component with one number.
	Index      int
	Has, Needs uint32
	// Category and Type are Intel's words for an SGX component: what to update.
	Category, Type string
}

// evaluate finds the first level, from the highest, that the platform reaches in all components and the PCE, and the first that the
// quoting enclave reaches; then both converge (QVL QuoteVerifier::verify).
func evaluate(platform *Platform, qeSVN uint16, info *tcbInfo, qe *identity) Evaluation {
	at := slices.IndexFunc(info.levels, func(l level) bool { return reaches(platform, l) })
	qeAt := slices.IndexFunc(qe.levels, func(l level) bool { return l.svn <= uint32(qeSVN) })
	e := Evaluation{Status: StatusNotSupported, PlatformStatus: StatusNotSupported, QEStatus: StatusNotSupported,
		Shortfall: findShortfall(platform, qeSVN, info, qe)}
	if at >= 0 {
		e.PlatformStatus = info.levels[at].status
	}
	if qeAt >= 0 {
		e.QEStatus = qe.levels[qeAt].status
	}
	if at < 0 || qeAt < 0 {
		return e
	}
	first, second := info.levels[at], qe.levels[qeAt]
	e.Status = converge(first.status, second.status)
	e.TCBDate = earlier(first.tcbDate, second.tcbDate)
	e.Unexplained = first.isUnexplained() || second.isUnexplained()
	e.Advisories = append(append([]string(nil), first.advisories...), second.advisories...)
	slices.Sort(e.Advisories)
	e.Advisories = slices.Compact(e.Advisories)
	return e
}

func (l *level) isUnexplained() bool { return l.status != StatusOK && len(l.advisories) == 0 }

// converge is QVL's convergeTcbStatuses: an enclave of the platform can only make its status worse.
func converge(platform, enclave Status) Status {
	switch {
	case enclave == StatusRevoked:
		return StatusRevoked
	case enclave != StatusOutOfDate:
		return platform
	case platform == StatusOK || platform == StatusSWHardeningNeeded:
		return StatusOutOfDate
	case platform == StatusConfigurationNeeded || platform == StatusConfigurationAndSWHardeningNeeded:
		return StatusOutOfDateConfigurationNeeded
	}
	return platform
}

func reaches(platform *Platform, l level) bool {
	if uint32(platform.PCESVN) < l.svn {
		return false
	}
	for i, c := range l.components {
		if uint32(platform.Components[i]) < c.svn {
			return false
		}
	}
	return true
}

func findShortfall(platform *Platform, qeSVN uint16, info *tcbInfo, qe *identity) (short []Shortfall) {
	highest := info.levels[0]
	for i, c := range highest.components {
		if has := uint32(platform.Components[i]); has < c.svn {
			short = append(short, Shortfall{"sgx", i, has, c.svn, c.category, c.kind})
		}
	}
	if has := uint32(platform.PCESVN); has < highest.svn {
		short = append(short, Shortfall{Component: "pce", Has: has, Needs: highest.svn})
	}
	if has := uint32(qeSVN); has < qe.levels[0].svn {
		short = append(short, Shortfall{Component: "qe", Has: has, Needs: qe.levels[0].svn})
	}
	return short
}
