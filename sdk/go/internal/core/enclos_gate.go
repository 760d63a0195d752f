package core

// The system functions of the host, by their index in table 1 (`systemInterface` of @enclos/edl).
const (
	ecReadTrustedFile = 0
	ecMountStat       = 1
	ecMountRead       = 2
	ecMountList       = 3
	ecMountWrite      = 4
	ecMountRemove     = 5
	ecStreamAccept    = 6
	ecStreamConnect   = 7
)

// ecMaxStart is the most that the arguments of `start` can take: 256 variables and a log level.
const ecMaxStart = 2 + 256*(1+64+2+4096) + 2

// ecHelloProtocol is the version of the greeting of hosts and enclaves.
const ecHelloProtocol = 1

func (v *ecEnclave) gateOptions(fd int) ecOptions {
	m := v.manifest
	limits := ecLimits{
		maxFrame:       m.maxFrame,
		maxConcurrent:  [2]int{m.Threads, m.Threads},
		maxQueued:      m.maxQueued,
		maxQueuedBytes: ecMaxQueueByte,
		// Waiting for a stream may take any time, and must not take the application's slots.
		maxPending: [2]int{m.maxPending, m.maxPending + ecMaxStreams},
		maxDepth:   m.maxDepth,
		hello:      ecHelloWait,
		frame:      ecFrameWait,
		close:      ecCloseWait,
	}
	if m.Debug {
		// Timers keep running while a debugger pauses this process.
		limits.hello, limits.frame = 0, 0
	}
	return ecOptions{
		fd:          fd,
		hello:       ecPutGateHello(m.Name, m.InterfaceDigest),
		acceptHello: func(theirs []byte) error { return ecCheckGateHello(theirs, m.InterfaceDigest) },
		limits:      limits,
		dispatch:    v.dispatch,
		describe:    v.describe,
		accepted:    ecFromHost,
		maxPayload:  v.maxPayload,
		lostCode:    "ENCLAVE_HOST_LOST",
		onStream:    func(f *ecFrame) error { return v.streams.received(f) },
	}
}

func ecPutGateHello(name string, digest []byte) []byte {
	return append(ecPutText(ecPut16(nil, ecHelloProtocol), name), digest...)
}

func ecCheckGateHello(theirs, digest []byte) error {
	r := &ecReader{b: theirs}
	protocol := r.u16()
	r.text(0, 64)
	their := r.take(32)
	if err := r.end(); err != nil {
		return err
	}
	if protocol != ecHelloProtocol {
		return ecFail("TEE_PROTOCOL_MISMATCH", "The host speaks another version of the protocol.")
	}
	if string(their) != string(digest) {
		return ecFail("HOST_INTERFACE_MISMATCH", "The host was built with another interface.")
	}
	return nil
}

func (v *ecEnclave) maxPayload(table uint8, index uint16) int {
	if table == 1 {
		if index == 0 {
			return ecMaxStart
		}
		return 0
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.maxBytes == nil:
		return ecLargestFrame
	case int(index) < len(v.maxBytes):
		return v.maxBytes[index]
	}
	return 0
}

func (v *ecEnclave) dispatch(call *EnclosCall) ([]byte, error) {
	if call.Table == 1 {
		if call.Index != 0 {
			return nil, ecFail("EDL_UNKNOWN_FUNCTION", "No such system function.")
		}
		return v.start(call)
	}
	v.mu.Lock()
	state := v.state
	v.mu.Unlock()
	if state != ecStarted {
		return nil, ecFail("GATE_PROTOCOL_VIOLATION", "The enclave is not started yet.")
	}
	// The program registers its handlers some time after its start.
	select {
	case <-v.served:
	case <-call.Done():
		return nil, ecCancelled()
	}
	return v.handler(call)
}

// start takes the host's variables. The host chooses all of the request, so it is untrusted.
func (v *ecEnclave) start(call *EnclosCall) ([]byte, error) {
	v.mu.Lock()
	if v.state != ecWaiting {
		v.mu.Unlock()
		return nil, ecFail("GATE_PROTOCOL_VIOLATION", "The enclave was started already.")
	}
	v.state = ecStarting
	v.mu.Unlock()
	variables, level, err := ecReadStart(call.Payload, v.manifest)
	if err == nil && v.streams.passed == nil && ecMustBePassed(v.manifest) {
		err = ecFail("STREAM_TRANSPORT_UNAVAILABLE", "The enclave wants its connections passed, which cannot be done here.")
	}
	if err != nil {
		call.answered = v.gate.sayGoodbye
		return nil, err
	}
	v.log.restrict(level)
	v.mu.Lock()
	v.variables = variables
	v.state = ecStarted
	v.mu.Unlock()
	call.answered = func() { close(v.started) }
	return nil, nil
}

// ecReadStart reads the arguments of `start`: variables, each declared as one of the host and given once, and a log level or -1.
func ecReadStart(payload []byte, m *EnclosManifestInfo) ([][2]string, int, error) {
	open := map[string]bool{}
	for _, declared := range m.Environment {
		if ecIsVariableName(declared.Name) {
			open[declared.Name] = declared.FromHost
		}
	}
	r := &ecReader{b: payload}
	var variables [][2]string
	isUndeclared := false
	r.each(0, 256, func() {
		name := r.text(1, 64)
		value := r.text(0, 4096)
		if r.fault == "" && !ecMayBeGiven(name, open, m) {
			isUndeclared = true
		}
		open[name] = false
		variables = append(variables, [2]string{name, value})
	})
	level := -1
	if r.bool() {
		level = r.choice(5)
	}
	if err := r.end(); err != nil {
		return nil, 0, err
	}
	if isUndeclared {
		return nil, 0, ecFail("ENCLAVE_VARIABLE_NOT_DECLARED", "The host sent a variable that the manifest does not take from it.")
	}
	for _, variable := range variables {
		// An environment ends a value at a NUL.
		for i := 0; i < len(variable[1]); i++ {
			if variable[1][i] == 0 {
				return nil, 0, ecFail("EDL_VALUE_REFUSED", "A variable of the host has a NUL in its value.")
			}
		}
	}
	return variables, level, nil
}

// ecMayBeGiven tells whether a variable of the host is declared: by its name, or by a beginning, which ends in a star. What has its
// own name is not what begins so.
func ecMayBeGiven(name string, open map[string]bool, m *EnclosManifestInfo) bool {
	if mayBe, known := open[name]; known || !ecIsVariableName(name) {
		return mayBe
	}
	for _, declared := range m.Environment {
		last := len(declared.Name) - 1
		if declared.FromHost && last > 0 && declared.Name[last] == '*' && len(name) > last && name[:last] == declared.Name[:last] {
			return true
		}
	}
	return false
}

func ecIsVariableName(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

func ecMustBePassed(m *EnclosManifestInfo) bool {
	for _, declared := range m.Listen {
		if declared.Transport == "passed" {
			return true
		}
	}
	for _, declared := range m.Connect {
		if declared.Transport == "passed" {
			return true
		}
	}
	return false
}

// describe gives the part of a failure that the host may read. The text of another error could quote a secret, so only a debug
// enclave reveals it.
func (v *ecEnclave) describe(err error) (code, message string) {
	if known, ok := err.(*EnclosError); ok && ecMayCross(known.Code) {
		return known.Code, known.Message
	}
	if known, ok := err.(*EnclosError); ok && (known.Code == "EDL_VALUE_REFUSED" || known.Code == "EDL_UNKNOWN_FUNCTION") {
		return known.Code, known.Message
	}
	if v.manifest.Debug {
		return "ENCLAVE_CALL_FAILED", err.Error()
	}
	return "ENCLAVE_CALL_FAILED", "The trusted function failed."
}

// EnclosServe registers the handler of the application's functions, once. Calls that came before wait for it. An EnclosError of
// the areas ENCLAVE, SEAL, REPORT, GATE, HOST and STREAM reaches the caller; of any other error only that there was one.
func EnclosServe(handler func(call *EnclosCall) ([]byte, error)) error {
	return EnclosServeBounded(nil, handler)
}

// EnclosServeBounded does the same with the most bytes that the arguments of each function can take, by index: a longer message
// ends the gate at its header.
func EnclosServeBounded(maxBytes []int, handler func(call *EnclosCall) ([]byte, error)) error {
	v, err := ecRunning()
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.handler != nil {
		return ecFail("GATE_INVALID_ARGUMENT", "A handler is registered already.")
	}
	v.handler = handler
	v.maxBytes = maxBytes
	close(v.served)
	return nil
}

// EnclosHost calls a function of the host: table 0 of the application, 1 of the system. A timeout of 0 means none, maxResult of 0
// the size of a frame. Every answer is untrusted.
func EnclosHost(table uint8, index uint16, payload []byte, timeoutMs uint32, maxResult int) ([]byte, error) {
	v, err := ecRunning()
	if err != nil {
		return nil, err
	}
	return v.gate.invoke(ecRequest{table: table, index: index, payload: payload, timeoutMs: timeoutMs, maxResult: maxResult})
}
