package core

const (
	// ecFirstRoom is what an unfinished frame gets first, so that a claimed length alone costs nothing.
	ecFirstRoom = 65536
	// ecGrowth: then it gets room for this many times the bytes that have arrived.
	ecGrowth = 32
)

// ecDecoder cuts a byte stream into frames; chunk boundaries may be anywhere. At most one unfinished frame is held.
type ecDecoder struct {
	max int
	// check sees each well-formed header before any of the payload is kept.
	check func(f *ecFrame, size int) error
	head  [ecHeaderBytes]byte
	headN int
	// begun is set once the header of the unfinished frame is whole.
	begun   bool
	frame   ecFrame
	size    int
	payload []byte
	// lent is where pieces of streams are assembled that do not lie in one chunk.
	lent   []byte
	done   uint64
	failed bool
}

// unfinished is the number of the frame that is not whole, from 1 on, or 0.
func (d *ecDecoder) unfinished() uint64 {
	if d.headN == 0 {
		return 0
	}
	return d.done + 1
}

// feed hands over each frame that the chunk completes. After an error every call fails.
func (d *ecDecoder) feed(chunk []byte, each func(*ecFrame) error) error {
	if d.failed {
		return ecViolation("bytes after a frame that was refused")
	}
	err := d.cut(chunk, each)
	if err != nil {
		d.failed = true
		d.drop()
	}
	return err
}

// room is where the next bytes of a large unfinished payload go, or nil. What is read there is reported by took.
func (d *ecDecoder) room() []byte {
	if !d.begun || d.size-len(d.payload) < ecFirstRoom || d.frame.kind == ecStreamData {
		return nil
	}
	d.grow(len(d.payload) + 1)
	end := cap(d.payload)
	if end > d.size {
		end = d.size
	}
	return d.payload[len(d.payload):end]
}

func (d *ecDecoder) took(n int, each func(*ecFrame) error) error {
	d.payload = d.payload[:len(d.payload)+n]
	if len(d.payload) < d.size {
		return nil
	}
	err := d.finish(each)
	if err != nil {
		d.failed = true
	}
	return err
}

func (d *ecDecoder) cut(b []byte, each func(*ecFrame) error) error {
	for len(b) > 0 {
		if d.headN == 0 && len(b) >= ecHeaderBytes {
			size, err := ecFrameSize(b, d.max)
			if err != nil {
				return err
			}
			if len(b) >= size {
				if err := d.whole(b[:size], each); err != nil {
					return err
				}
				b = b[size:]
				continue
			}
		}
		rest, err := d.resume(b, each)
		if err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// whole is the fast path: a frame that lies wholly in one chunk.
func (d *ecDecoder) whole(b []byte, each func(*ecFrame) error) error {
	f := &d.frame
	ecReadHeader(b, f)
	if err := d.accept(f, len(b)-ecHeaderBytes); err != nil {
		return err
	}
	f.payload = b[ecHeaderBytes:]
	d.done++
	return each(f)
}

// resume adds the bytes that belong to the unfinished frame, and returns those after it.
func (d *ecDecoder) resume(b []byte, each func(*ecFrame) error) ([]byte, error) {
	b = d.fill(b, ecLengthBytes)
	if d.headN < ecLengthBytes {
		return b, nil
	}
	size, err := ecFrameSize(d.head[:], d.max)
	if err != nil {
		return nil, err
	}
	b = d.fill(b, ecHeaderBytes)
	if d.headN < ecHeaderBytes {
		return b, nil
	}
	if !d.begun {
		ecReadHeader(d.head[:], &d.frame)
		d.size = size - ecHeaderBytes
		if err := d.accept(&d.frame, d.size); err != nil {
			return nil, err
		}
		d.begun = true
		if d.frame.kind == ecStreamData {
			if d.lent == nil {
				d.lent = make([]byte, 0, ecMaxChunk)
			}
			d.payload = d.lent[:0]
		}
	}
	count := d.size - len(d.payload)
	if count > len(b) {
		count = len(b)
	}
	d.grow(len(d.payload) + count)
	d.payload = append(d.payload, b[:count]...)
	b = b[count:]
	if len(d.payload) < d.size {
		return b, nil
	}
	return b, d.finish(each)
}

func (d *ecDecoder) finish(each func(*ecFrame) error) error {
	f := &d.frame
	f.payload = d.payload
	f.owned = f.kind != ecStreamData
	d.drop()
	d.done++
	return each(f)
}

func (d *ecDecoder) accept(f *ecFrame, size int) error {
	if fault := ecHeaderFault(f, size); fault != "" {
		return ecViolation(fault)
	}
	if d.check == nil {
		return nil
	}
	return d.check(f, size)
}

func (d *ecDecoder) fill(b []byte, upTo int) []byte {
	if d.headN >= upTo {
		return b
	}
	count := copy(d.head[d.headN:upTo], b)
	d.headN += count
	return b[count:]
}

// grow makes room so that memory follows the bytes that arrived, not the claimed length.
func (d *ecDecoder) grow(needed int) {
	if needed <= cap(d.payload) {
		return
	}
	room := ecGrowth * len(d.payload)
	if room < needed {
		room = needed
	}
	if room < ecFirstRoom {
		room = ecFirstRoom
	}
	if room > d.size {
		room = d.size
	}
	grown := make([]byte, len(d.payload), room)
	copy(grown, d.payload)
	d.payload = grown
}

func (d *ecDecoder) drop() {
	d.headN = 0
	d.begun = false
	d.payload = nil
	d.size = 0
}
