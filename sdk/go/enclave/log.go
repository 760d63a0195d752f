package enclave

import (
	"bytes"
	"io"

	"enclos.invalid/sdk/internal/link"
)

// Level is how detailed a log line is.
type Level int

// The levels. A production enclave sends none more detailed than LevelInfo, a debug enclave all, and either no more than its host
// asks for.
const (
	LevelError Level = iota
	LevelWarn
	LevelInfo
	LevelDebug
	LevelTrace
)

// Log writes a line to the host's log. The host reads it: never log a secret. The line is cut at 8 KiB, and dropped when the host
// does not read.
func Log(level Level, text string) {
	if Boot() == nil {
		link.Log(int(level), text)
	}
}

// LogEnabled tells whether lines of the level are sent, so that others need not be made.
func LogEnabled(level Level) bool { return Boot() == nil && link.Logs(int(level)) }

// LogWriter returns a writer that sends each line of what is written to it, for log.SetOutput for example.
func LogWriter(level Level) io.Writer { return lineWriter(level) }

type lineWriter Level

func (w lineWriter) Write(p []byte) (int, error) {
	if err := Boot(); err != nil {
		return 0, err
	}
	for _, line := range bytes.Split(bytes.TrimSuffix(p, []byte("\n")), []byte("\n")) {
		link.Log(int(w), string(line))
	}
	return len(p), nil
}
