package core

import "time"

// The functions of the platform, by index (`enclaveChannel` of @enclos/tee).
const (
	EnclosPlatformReport        = 0
	EnclosPlatformKey           = 1
	EnclosPlatformQuotingTarget = 2
	EnclosPlatformQuote         = 3
)

// ecChannelText is the canonical description of the channel, with which both sides greet.
const ecChannelText = "enclos interface 1\n" +
	"enclave_channel_1\n" +
	"trusted 0 report record{targetInfo:bytes(512),reportData:bytes(64)} bytes(432)\n" +
	"trusted 1 key record{request:bytes(512)} bytes(16)\n" +
	"trusted 2 quotingTarget record{} bytes(512)\n" +
	"trusted 3 quote record{report:bytes(432)} bytes(0..65536)\n"

// ecMaxQuote is the largest quote.
const ecMaxQuote = 65536

// ecChannelFunctions are the sizes of arguments and results; -1 is a result with its length in front.
var ecChannelFunctions = [...]struct{ arguments, result int }{{576, 432}, {512, 16}, {0, 512}, {432, -1}}

func ecPlatformOptions(fd int, debug bool) ecOptions {
	limits := ecLimits{
		maxFrame:       1<<20 + 4096,
		maxConcurrent:  [2]int{64, 64},
		maxQueued:      256,
		maxQueuedBytes: ecMaxQueueByte,
		maxPending:     [2]int{320, 320},
		maxDepth:       4,
		hello:          10 * time.Second,
		frame:          ecFrameWait,
		close:          ecCloseWait,
	}
	if debug {
		limits.hello, limits.frame = 0, 0
	}
	return ecOptions{
		fd:        fd,
		initiator: true,
		hello:     []byte(ecChannelText),
		acceptHello: func(theirs []byte) error {
			if string(theirs) != ecChannelText {
				return ecFail("TEE_PROTOCOL_MISMATCH", "The platform speaks another version of the protocol.")
			}
			return nil
		},
		limits: limits,
		dispatch: func(*EnclosCall) ([]byte, error) {
			return nil, ecFail("EDL_UNKNOWN_FUNCTION", "The enclave serves no calls of the platform.")
		},
		describe: func(err error) (string, string) {
			if known, ok := err.(*EnclosError); ok {
				return known.Code, known.Message
			}
			return "GATE_REMOTE_ERROR", "The function failed."
		},
		accepted:   ecFromPlatform,
		maxPayload: func(uint8, uint16) int { return 0 },
		lostCode:   "TEE_PLATFORM_LOST",
	}
}

// EnclosPlatform calls a function of the platform: EnclosPlatformReport with TARGETINFO and report data gives REPORT,
// EnclosPlatformKey with KEYREQUEST a key, EnclosPlatformQuotingTarget TARGETINFO, EnclosPlatformQuote with REPORT a quote.
func EnclosPlatform(index uint16, payload []byte) ([]byte, error) {
	v, err := ecRunning()
	if err != nil {
		return nil, err
	}
	if int(index) >= len(ecChannelFunctions) || len(payload) != ecChannelFunctions[index].arguments {
		return nil, ecFail("GATE_INVALID_ARGUMENT", "The platform has no such function, or takes other arguments.")
	}
	size := ecChannelFunctions[index].result
	most := size
	if size < 0 {
		most = 3 + ecMaxQuote
	}
	answer, err := v.platform.invoke(ecRequest{index: index, payload: payload, maxResult: most})
	if err != nil {
		return nil, err
	}
	r := &ecReader{b: answer}
	if size < 0 {
		answer = r.bytes(0, ecMaxQuote)
	} else {
		answer = r.take(size)
	}
	return answer, r.end()
}
