package attestation

import (
	"fmt"

	"enclos.invalid/sdk/internal/der"
)

const sgxExtension = der.ExtensionSGX

// Platform is what Intel's SGX extension of a PCK certificate says about a machine.
type Platform struct {
	// PPID is the platform provisioning id. It identifies one machine.
	PPID [16]byte
	// Components are what is compared with the TCB info.
	Components [16]byte
	PCESVN     uint16
	CPUSVN     [16]byte
	PCEID      [2]byte
	// FMSPC is family, model, stepping, platform and custom SKU.
	FMSPC [6]byte
	// SGXType is "standard", "scalable" or "scalable-with-integrity".
	SGXType string
	// Instance and Configuration are set by the Platform CA only.
	Instance      *[16]byte
	Configuration *Configuration
}

// Configuration says what kind of platform it is.
type Configuration struct{ DynamicPlatform, CachedKeys, SMTEnabled bool }

// entries are the pairs of identifier and value in the SGX extension, each at most once.
type entries struct {
	values map[string][]byte
	reader *der.Reader
}

func readEntries(r *der.Reader) *entries {
	e := &entries{values: map[string][]byte{}, reader: r}
	for !r.Done() {
		entry := r.Sequence()
		id := entry.Identifier()
		value := entry.Element(der.AnyTag).Encoded
		entry.End()
		if _, isTwice := e.values[id]; isTwice {
			r.Failf("an entry of the SGX extension occurs twice")
		}
		e.values[id] = value
	}
	return e
}

// optional hands the value to read, if it is there.
func (e *entries) optional(id string, read func(*der.Reader)) bool {
	value, has := e.values[id]
	delete(e.values, id)
	if !has || e.reader.Err() != nil {
		return false
	}
	r := der.NewReader(value)
	if read(r); r.Err() != nil {
		e.reader.Failf("entry %s of the SGX extension: %w", id, r.Err())
	}
	return true
}

func (e *entries) take(id string, read func(*der.Reader)) {
	if !e.optional(id, read) {
		e.reader.Failf("entry %s of the SGX extension is missing", id)
	}
}

func (e *entries) end() {
	if len(e.values) > 0 {
		e.reader.Failf("the SGX extension has an unknown entry")
	}
}

func fixed(into []byte) func(*der.Reader) {
	return func(r *der.Reader) {
		content := r.OctetString()
		if r.Err() == nil && len(content) != len(into) {
			r.Failf("a value that is not %d bytes", len(into))
		}
		copy(into, content)
	}
}

// parseSGXExtension parses the extension ("Intel SGX PCK Certificate and CRL Profile Specification" section 1.3.4): no entry twice,
// none unknown.
func parseSGXExtension(value []byte) (*Platform, error) {
	p := &Platform{}
	outer := der.Whole(value)
	e := readEntries(outer)
	e.take(sgxExtension+".2", func(r *der.Reader) {
		inner := r.Sequence()
		tcb := readEntries(inner)
		for i := range p.Components {
			tcb.take(fmt.Sprintf("%s.2.%d", sgxExtension, i+1), func(r *der.Reader) { p.Components[i] = byte(r.Integer(255)) })
		}
		tcb.take(sgxExtension+".2.17", func(r *der.Reader) { p.PCESVN = uint16(r.Integer(65_535)) })
		tcb.take(sgxExtension+".2.18", fixed(p.CPUSVN[:]))
		tcb.end()
	})
	e.take(sgxExtension+".1", fixed(p.PPID[:]))
	e.take(sgxExtension+".3", fixed(p.PCEID[:]))
	e.take(sgxExtension+".4", fixed(p.FMSPC[:]))
	e.take(sgxExtension+".5", func(r *der.Reader) {
		p.SGXType = [...]string{"standard", "scalable", "scalable-with-integrity"}[r.Enumerated(2)]
	})
	e.optional(sgxExtension+".6", func(r *der.Reader) {
		p.Instance = new([16]byte)
		fixed(p.Instance[:])(r)
	})
	// A member that is absent counts as false, as in QVL.
	e.optional(sgxExtension+".7", func(r *der.Reader) {
		p.Configuration = &Configuration{}
		members := readEntries(r.Sequence())
		for i, member := range []*bool{&p.Configuration.DynamicPlatform, &p.Configuration.CachedKeys, &p.Configuration.SMTEnabled} {
			members.optional(fmt.Sprintf("%s.7.%d", sgxExtension, i+1), func(r *der.Reader) { *member = r.Boolean() })
		}
		members.end()
	})
	e.end()
	if outer.Err() != nil {
		return nil, outer.Err()
	}
	return p, nil
}
