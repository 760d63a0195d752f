package core

import (
	"sync/atomic"
	"time"
)

// The levels of log lines.
const (
	EnclosLogError = 0
	EnclosLogWarn  = 1
	EnclosLogInfo  = 2
	EnclosLogDebug = 3
	EnclosLogTrace = 4
)

// ecLogPatience is how long a line may wait for the kernel.
const ecLogPatience = 100 * time.Millisecond

// ecLogLevels drop lines above the level before they are sent: the most detailed one of this enclave, and what the host wants.
type ecLogLevels struct {
	most    int32
	enabled int32
}

func (l *ecLogLevels) init(debug bool) {
	l.most = EnclosLogInfo
	if debug {
		l.most = EnclosLogTrace
	}
	l.enabled = l.most
}

// restrict takes the host's wish, -1 for none. It never exceeds the most detailed level of the enclave.
func (l *ecLogLevels) restrict(level int) {
	if level >= 0 && int32(level) < l.most {
		atomic.StoreInt32(&l.enabled, int32(level))
	}
}

// EnclosLogs tells whether a line of the level would be sent.
func EnclosLogs(level int) bool {
	return ecCurrent != nil && int32(level) <= atomic.LoadInt32(&ecCurrent.log.enabled)
}

// EnclosLog writes a line to the log of the host, which reads it: never log a secret. It is cut at 8 KiB, and dropped when the
// host does not read.
func EnclosLog(level int, text string) {
	if level < 0 {
		level = 0
	}
	if level > ecMaxLogLevel {
		level = ecMaxLogLevel
	}
	if !EnclosLogs(level) {
		return
	}
	line := []byte(ecCut(text, ecMaxLogBytes))
	ecCurrent.gate.out.log(&ecFrame{kind: ecLogFrame, index: uint16(level), payload: line}, ecLogPatience)
}
