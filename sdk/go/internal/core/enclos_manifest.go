package core

// EnclosManifestInfo is the measured manifest of this enclave.
type EnclosManifestInfo struct {
	Name            string
	ProductID       uint16
	SecurityVersion uint16
	Debug           bool
	// Threads is the number of calls of the host that run at once.
	Threads   int
	HeapBytes uint64
	// InterfaceDigest is the SHA-256 of the canonical description of the interface, 32 bytes.
	InterfaceDigest []byte
	Architecture    string
	// Network is none, declared, any or private.
	Network   string
	Arguments []string
	// Output is none or log.
	Output       string
	Environment  []EnclosVariable
	TrustedFiles []EnclosTrustedFile
	Mounts       []EnclosMount
	Listen       []EnclosListener
	Connect      []EnclosDestination

	maxFrame   int
	maxQueued  int
	maxPending int
	maxDepth   int
}

// EnclosVariable is a declared variable of the environment. That of the host has no value here.
type EnclosVariable struct {
	Name     string
	Value    string
	FromHost bool
}

// EnclosTrustedFile is a file of the host whose SHA-256 is measured.
type EnclosTrustedFile struct {
	Path   string
	SHA256 []byte
	Size   uint64
}

// EnclosMount is a declared folder. Kind is host or memory.
type EnclosMount struct {
	Target   string
	Kind     string
	ReadOnly bool
	MaxBytes uint64
}

// EnclosListener is a declared listener. Transport is relayed, passed or either.
type EnclosListener struct {
	Name      string
	Port      int
	Transport string
}

// EnclosDestination is a declared destination.
type EnclosDestination struct {
	Name      string
	Host      string
	Port      int
	Transport string
}

// EnclosFile is an embedded file: its content is measured.
type EnclosFile struct {
	Path    string
	Content []byte
}

const (
	ecProgramForm = 0x81
	ecMaxFiles    = 4096
	ecMaxPath     = 1024
)

var ecTransports = [...]string{"relayed", "passed", "either"}

// EnclosReadManifest reads the form of programs (@enclos/manifest). The platform has checked the rules beyond the bounds, with which
// no image of ours can be without; here they are not needed for safety.
func EnclosReadManifest(b []byte) (*EnclosManifestInfo, error) {
	r := &ecReader{b: b}
	m := &EnclosManifestInfo{}
	if form := r.u8(); form != ecProgramForm {
		return nil, ecFail("MANIFEST_INVALID", "The manifest is not one of a program.")
	}
	m.Name = r.text(1, 64)
	m.ProductID = r.u16()
	m.SecurityVersion = r.u16()
	m.Debug = r.bool()
	m.Threads = int(r.u16())
	m.HeapBytes = r.u64()
	m.InterfaceDigest = r.take(32)
	m.Architecture = [...]string{"linux-x64", "linux-arm64"}[r.choice(2)]
	m.Network = [...]string{"none", "declared", "any", "private"}[r.choice(4)]
	r.each(0, 64, func() { m.Arguments = append(m.Arguments, r.text(0, 4096)) })
	m.Output = [...]string{"none", "log"}[r.choice(2)]
	r.each(0, 256, func() {
		v := EnclosVariable{Name: r.text(1, 64)}
		if v.FromHost = !r.bool(); !v.FromHost {
			v.Value = r.text(0, 4096)
		}
		m.Environment = append(m.Environment, v)
	})
	r.each(0, 1024, func() {
		m.TrustedFiles = append(m.TrustedFiles, EnclosTrustedFile{Path: r.text(1, ecMaxPath), SHA256: r.take(32), Size: r.u64()})
	})
	r.each(0, 64, func() {
		m.Mounts = append(m.Mounts, EnclosMount{Target: r.text(1, ecMaxPath), Kind: [...]string{"host", "memory"}[r.choice(2)],
			ReadOnly: r.bool(), MaxBytes: r.u64()})
	})
	r.each(0, 64, func() {
		m.Listen = append(m.Listen, EnclosListener{Name: r.text(1, 64), Port: int(r.u16()), Transport: ecTransports[r.choice(3)]})
	})
	r.each(0, 64, func() {
		m.Connect = append(m.Connect, EnclosDestination{Name: r.text(1, 64), Host: r.text(1, 253), Port: int(r.u16()),
			Transport: ecTransports[r.choice(3)]})
	})
	m.maxFrame = int(r.u32())
	m.maxQueued = int(r.u16())
	m.maxPending = int(r.u16())
	m.maxDepth = int(r.u16())
	if err := r.end(); err != nil {
		return nil, ecFail("MANIFEST_INVALID", "The measured pages do not hold a manifest of this version.")
	}
	isAllowed := m.maxFrame >= 1<<19 && m.maxFrame <= 1<<28 && m.maxDepth >= 1 && m.maxDepth <= 64 && m.maxPending >= 1 &&
		m.Threads >= 1 && m.Threads <= 256
	if !isAllowed {
		return nil, ecFail("MANIFEST_INVALID", "The limits of the manifest are outside their bounds.")
	}
	return m, nil
}

// EnclosReadFiles reads the section of embedded files: u32 count, then u16 length of the path, path, u32 length, content.
func EnclosReadFiles(b []byte) ([]EnclosFile, error) {
	r := &ecReader{b: b}
	count := r.u32()
	if count > ecMaxFiles {
		return nil, ecFail("IMAGE_INVALID", "There are more embedded files than allowed.")
	}
	var files []EnclosFile
	seen := map[string]bool{}
	for i := uint32(0); i < count && r.fault == ""; i++ {
		path := string(r.take(int(r.u16())))
		content := r.take(int(r.u32()))
		if r.fault == "" && (!ecIsCleanPath(path) || seen[path]) {
			return nil, ecFail("IMAGE_INVALID", "Embedded files need absolute clean paths, each once.")
		}
		seen[path] = true
		files = append(files, EnclosFile{Path: path, Content: content})
	}
	if r.end() != nil {
		return nil, ecFail("IMAGE_INVALID", "The embedded files cannot be read.")
	}
	return files, nil
}

// ecIsCleanPath: absolute, without `.`, `..`, empty segments, control characters or a trailing slash.
func ecIsCleanPath(path string) bool {
	if len(path) < 2 || len(path) > ecMaxPath || path[0] != '/' || !ecIsUTF8([]byte(path)) {
		return false
	}
	for _, r := range path {
		if r < 0x20 || (r >= 0x7f && r <= 0x9f) {
			return false
		}
	}
	start := 1
	for at := 1; at <= len(path); at++ {
		if at < len(path) && path[at] != '/' {
			continue
		}
		if segment := path[start:at]; segment == "" || segment == "." || segment == ".." {
			return false
		}
		start = at + 1
	}
	return true
}
