package weplanx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// maxDepth bounds how deep values may be nested.
const maxDepth = 64

// decoder reads MessagePack (github.com/msgpack/msgpack, spec.md). Its values are
// nil, bool, int64, uint64, float32, float64, string, []byte, []any,
// map[string]any and time.Time.
//
// It is written here because of what it refuses: names given twice or that are no
// strings, text that is not UTF-8, extensions other than times, and nesting
// without end. Each of them would be lost or changed on the way to JSON, or take
// the program down.
type decoder struct {
	data []byte
	at   int
}

var errShort = errors.New("it ends too early")

// decode reads the one value that data is.
func decode(data []byte) (any, error) {
	d := decoder{data: data}
	value, err := d.value(0)
	if err == nil && d.at < len(data) {
		err = fmt.Errorf("%d bytes follow the value", len(data)-d.at)
	}
	if err != nil {
		return nil, fmt.Errorf("is not MessagePack of the predecessor (at byte %d): %w", d.at, err)
	}
	return value, nil
}

// take returns the next n bytes.
func (d *decoder) take(n int) ([]byte, error) {
	if n < 0 || len(d.data)-d.at < n {
		return nil, errShort
	}
	b := d.data[d.at : d.at+n]
	d.at += n
	return b, nil
}

// number reads an unsigned number of 1, 2, 4 or 8 bytes.
func (d *decoder) number(size int) (uint64, error) {
	b, err := d.take(size)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[8-size:], b)
	return binary.BigEndian.Uint64(wide[:]), nil
}

// length reads how many follow. Each takes at least one byte.
func (d *decoder) length(size int) (int, error) {
	n, err := d.number(size)
	if err == nil && n > uint64(len(d.data)-d.at) { //nolint:gosec // it is not negative
		err = errShort
	}
	return int(n), err //nolint:gosec // it is at most what is left
}

// value reads a value. Codes are those of the specification's overview.
func (d *decoder) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested deeper than %d", maxDepth)
	}
	b, err := d.take(1)
	if err != nil {
		return nil, err
	}
	switch code := b[0]; {
	case code <= 0x7f:
		return int64(code), nil
	case code <= 0x8f:
		return d.object(int(code&0x0f), depth)
	case code <= 0x9f:
		return d.array(int(code&0x0f), depth)
	case code <= 0xbf:
		return d.text(int(code & 0x1f))
	case code >= 0xe0:
		return int64(int8(code)), nil //nolint:gosec // that is the format
	default:
		return d.long(code, depth)
	}
}

// long reads what does not fit into its first byte.
func (d *decoder) long(code byte, depth int) (any, error) {
	switch code {
	case 0xc0:
		return nil, nil //nolint:nilnil // it is the value
	case 0xc2, 0xc3:
		return code == 0xc3, nil
	case 0xc4, 0xc5, 0xc6:
		return d.sized(1<<(code-0xc4), func(n int) (any, error) { return d.take(n) })
	case 0xc7, 0xc8, 0xc9:
		return d.sized(1<<(code-0xc7), d.extension)
	case 0xca, 0xcb:
		return d.float(4 << (code - 0xca))
	case 0xcc, 0xcd, 0xce, 0xcf:
		return d.number(1 << (code - 0xcc))
	case 0xd0, 0xd1, 0xd2, 0xd3:
		return d.signed(1 << (code - 0xd0))
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return d.extension(1 << (code - 0xd4))
	case 0xd9, 0xda, 0xdb:
		return d.sized(1<<(code-0xd9), d.text)
	case 0xdc, 0xdd:
		return d.sized(2<<(code-0xdc), func(n int) (any, error) { return d.array(n, depth) })
	case 0xde, 0xdf:
		return d.sized(2<<(code-0xde), func(n int) (any, error) { return d.object(n, depth) })
	}
	return nil, fmt.Errorf("%#x begins no value", code)
}

// sized reads a length of size bytes and what has it.
func (d *decoder) sized(size int, read func(n int) (any, error)) (any, error) {
	n, err := d.length(size)
	if err != nil {
		return nil, err
	}
	return read(n)
}

func (d *decoder) signed(size int) (any, error) {
	n, err := d.number(size)
	shift := 64 - 8*size
	return int64(n<<shift) >> shift, err //nolint:gosec // that is the format
}

func (d *decoder) float(size int) (any, error) {
	n, err := d.number(size)
	if size == 4 {
		return math.Float32frombits(uint32(n)), err //nolint:gosec // it has 4 bytes
	}
	return math.Float64frombits(n), err
}

func (d *decoder) text(n int) (any, error) {
	b, err := d.take(n)
	if err == nil && !utf8.Valid(b) {
		err = errors.New("text is not UTF-8")
	}
	return string(b), err
}

func (d *decoder) array(n, depth int) (any, error) {
	list := []any{}
	for range n {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (d *decoder) object(n, depth int) (any, error) {
	fields := map[string]any{}
	for range n {
		key, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, errors.New("the name of a field is no text")
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("field %.64q is given twice", name)
		}
		if fields[name], err = d.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// extension reads a time, of 4, 8 or 12 bytes, the only one that was written.
func (d *decoder) extension(n int) (any, error) {
	b, err := d.take(1)
	if err != nil {
		return nil, err
	}
	if b[0] != 0xff {
		return nil, fmt.Errorf("type %d of an extension is unknown", int8(b[0])) //nolint:gosec // that is the format
	}
	switch n {
	case 4:
		seconds, err := d.number(4)
		return time.Unix(int64(seconds), 0).UTC(), err //nolint:gosec // it has 4 bytes
	case 8:
		both, err := d.number(8)
		return time.Unix(int64(both&(1<<34-1)), int64(both>>34)).UTC(), err
	case 12:
		nano, err := d.number(4)
		if err != nil {
			return nil, err
		}
		seconds, err := d.number(8)
		return time.Unix(int64(seconds), int64(nano)).UTC(), err //nolint:gosec // that is the format
	}
	return nil, fmt.Errorf("a time has %d bytes, want 4, 8 or 12", n)
}
