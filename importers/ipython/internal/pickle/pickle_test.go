package pickle_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/taskdb/taskdb/importers/ipython/internal/pickle"
	"pgregory.net/rapid"
)

// fromPython3 holds pickle.dumps(v, protocol) of Python 3.11, where b is
// b'a\xff\n\\\x00' and v is [b”, b, b, bytearray(b'xy'), bytearray()].
var fromPython3 = []struct{ name, data string }{
	{"python 3 protocol 0", "(lp0\nc__builtin__\nbytes\np1\n(tRp2\nac_codecs\nencode\np3\n(Va\xff\\u000a\\u005c\\u0000\np4\nVlatin1\np5\ntp6\nRp7\nag7\nac__builtin__\nbytearray\np8\n(g3\n(Vxy\np9\ng5\ntp10\nRp11\ntp12\nRp13\nag8\n(tRp14\na."},
	{"python 3 protocol 1", "]q\x00(c__builtin__\nbytes\nq\x01)Rq\x02c_codecs\nencode\nq\x03(X\x06\x00\x00\x00a\xc3\xbf\n\\\x00q\x04X\x06\x00\x00\x00latin1q\x05tq\x06Rq\x07h\x07c__builtin__\nbytearray\nq\x08(h\x03(X\x02\x00\x00\x00xyq\x09h\x05tq\nRq\x0btq\x0cRq\x0dh\x08)Rq\x0ee."},
	{"python 3 protocol 2", "\x80\x02]q\x00(c__builtin__\nbytes\nq\x01)Rq\x02c_codecs\nencode\nq\x03X\x06\x00\x00\x00a\xc3\xbf\n\\\x00q\x04X\x06\x00\x00\x00latin1q\x05\x86q\x06Rq\x07h\x07c__builtin__\nbytearray\nq\x08h\x03X\x02\x00\x00\x00xyq\x09h\x05\x86q\nRq\x0b\x85q\x0cRq\x0dh\x08)Rq\x0ee."},
	{"python 3 protocol 3", "\x80\x03]q\x00(C\x00q\x01C\x05a\xff\n\\\x00q\x02h\x02cbuiltins\nbytearray\nq\x03C\x02xyq\x04\x85q\x05Rq\x06h\x03)Rq\x07e."},
	{"python 3 protocol 4", "\x80\x04\x959\x00\x00\x00\x00\x00\x00\x00]\x94(C\x00\x94C\x05a\xff\n\\\x00\x94h\x02\x8c\x08builtins\x94\x8c\x09bytearray\x94\x93\x94C\x02xy\x94\x85\x94R\x94h\x05)R\x94e."},
	{"python 3 protocol 5", "\x80\x05\x95(\x00\x00\x00\x00\x00\x00\x00]\x94(C\x00\x94C\x05a\xff\n\\\x00\x94h\x02\x96\x02\x00\x00\x00\x00\x00\x00\x00xy\x94\x96\x00\x00\x00\x00\x00\x00\x00\x00\x94e."},
	{"python 3 protocol 2 tuple", "\x80\x02(c__builtin__\nbytes\nq\x00)Rq\x01c_codecs\nencode\nq\x02X\x06\x00\x00\x00a\xc3\xbf\n\\\x00q\x03X\x06\x00\x00\x00latin1q\x04\x86q\x05Rq\x06h\x06c__builtin__\nbytearray\nq\x07h\x02X\x02\x00\x00\x00xyq\x08h\x04\x86q\x09Rq\n\x85q\x0bRq\x0ch\x07)Rq\x0dtq\x0e."},
}

// fromPython2 holds what Python 2.7's pickle and cPickle write for
// [”, b, b, 'it\'s "'], b as above.
var fromPython2 = []struct{ name, data string }{
	{"pickle protocol 0", "(lp0\nS''\np1\naS'a\\xff\\n\\\\\\x00'\np2\nag2\naS'it\\'s \"'\np3\na."},
	{"cPickle protocol 0", "(lp1\nS''\naS'a\\xff\\n\\\\\\x00'\np2\nag2\naS'it\\'s \"'\na."},
	{"pickle protocol 1", "]q\x00(U\x00q\x01U\x05a\xff\n\\\x00q\x02h\x02U\x06it's \"q\x03e."},
	{"cPickle protocol 2", "\x80\x02]q\x01(U\x00U\x05a\xff\n\\\x00q\x02h\x02U\x06it's \"e."},
	{"protocol 2 long forms", "\x80\x02](T\x00\x00\x00\x00T\x05\x00\x00\x00a\xff\n\\\x00r\x07\x00\x00\x00j\x07\x00\x00\x00U\x06it's \"e."},
}

func TestPython3(t *testing.T) {
	want := [][]byte{{}, []byte("a\xff\n\\\x00"), []byte("a\xff\n\\\x00"), []byte("xy"), {}}
	for _, tt := range fromPython3 {
		t.Run(tt.name, func(t *testing.T) {
			got, err := pickle.Buffers([]byte(tt.data))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestPython2(t *testing.T) {
	want := [][]byte{{}, []byte("a\xff\n\\\x00"), []byte("a\xff\n\\\x00"), []byte(`it's "`)}
	for _, tt := range fromPython2 {
		t.Run(tt.name, func(t *testing.T) {
			got, err := pickle.Buffers([]byte(tt.data))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestEmptyList(t *testing.T) {
	for _, data := range []string{"(lp0\n.", "]q\x00.", "\x80\x02].", "\x80\x05]\x94.", ")."} {
		got, err := pickle.Buffers([]byte(data))
		require.NoError(t, err, "%q", data)
		require.Empty(t, got)
	}
}

// A file that was cut off must not look whole.
func TestEveryBeginningIsRefused(t *testing.T) {
	for _, tt := range append(fromPython3, fromPython2...) {
		for n := range len(tt.data) {
			_, err := pickle.Buffers([]byte(tt.data[:n]))
			var at *pickle.Error
			require.ErrorAs(t, err, &at, "%s: first %d bytes", tt.name, n)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name, data string
		op         string
		offset     int
		is         error
	}{
		{"import of a function", "cos\nsystem\n(S'id'\ntR.", "GLOBAL", 0, pickle.ErrRefused},
		{"import by protocol 4", "\x80\x04\x8c\x02os\x8c\x06system\x93.", "STACK_GLOBAL", 14, pickle.ErrRefused},
		{"import of a harmless module's function", "c_codecs\ndecode\n.", "GLOBAL", 0, pickle.ErrRefused},
		{"call of a byte string", "S'x'\n)R.", "REDUCE", 6, pickle.ErrRefused},
		{"call without a tuple", "c_codecs\nencode\n]R.", "REDUCE", 17, pickle.ErrRefused},
		{"encoding other than Latin-1", "c_codecs\nencode\n(Vx\nVutf-8\ntR.", "REDUCE", 28, pickle.ErrRefused},
		{"bytes of a text", "c__builtin__\nbytes\n(Vx\nVlatin1\ntR.", "REDUCE", 32, pickle.ErrRefused},
		{"encode of nothing", "c_codecs\nencode\n)R.", "REDUCE", 17, pickle.ErrRefused},
		{"object", "]\x81.", "NEWOBJ", 1, pickle.ErrRefused},
		{"state", "])b.", "BUILD", 2, pickle.ErrRefused},
		{"instance of protocol 0", "(ios\nsystem\n.", "INST", 1, pickle.ErrRefused},
		{"extension", "\x82\x01.", "EXT1", 0, pickle.ErrRefused},
		{"persistent id", "Px\n.", "PERSID", 0, pickle.ErrRefused},
		{"dict", "}.", "EMPTY_DICT", 0, pickle.ErrRefused},
		{"buffer out of band", "\x80\x05\x97.", "NEXT_BUFFER", 2, pickle.ErrRefused},
		{"byte that is no opcode", "\xff.", "opcode 0xff", 0, pickle.ErrRefused},
		{"text in the list", "](Vx\ne.", "STOP", 6, pickle.ErrRefused},
		{"list in the list", "]]a.", "STOP", 3, pickle.ErrRefused},
		{"list that holds itself", "]q\x00h\x00a.", "STOP", 6, pickle.ErrRefused},
		{"byte string instead of a list", "U\x01x.", "STOP", 3, pickle.ErrRefused},
		{"call never made", "(c_codecs\nencode\nl.", "STOP", 18, pickle.ErrRefused},
		{"claimed length", "\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "BINBYTES8", 0, pickle.ErrShort},
		{"claimed length beyond int64", "\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "BINBYTES8", 0, pickle.ErrShort},
		{"claimed frame", "\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff].", "FRAME", 2, pickle.ErrShort},
		{"negative length", "T\xff\xff\xff\xff.", "BINSTRING", 0, nil},
		{"nothing", "", "end of data", 0, pickle.ErrShort},
		{"nothing on the stack", ".", "STOP", 0, nil},
		{"two values", "]].", "STOP", 2, nil},
		{"something after the end", "].x", "STOP", 1, nil},
		{"no mark", "]e.", "APPENDS", 1, nil},
		{"append to a tuple", ")(U\x00e.", "APPENDS", 4, nil},
		{"append to a mark", "(U\x00a.", "APPEND", 3, nil},
		{"memo of a mark", "(q\x00.", "BINPUT", 1, nil},
		{"memo never put", "h\x07.", "BINGET", 0, nil},
		{"memo of no number", "]p-1\n.", "PUT", 1, nil},
		{"newer protocol", "\x80\x06].", "PROTO", 0, nil},
		{"no quotes", "Sx\n.", "STRING", 0, nil},
		{"one quote", "S'\n.", "STRING", 0, nil},
		{"backslash at the end", `S'\'` + "\n.", "STRING", 0, nil},
		{"half an escape", `S'\x4'` + "\n.", "STRING", 0, pickle.ErrShort},
		{"escape of no repr", `S'\101'` + "\n.", "STRING", 0, nil},
		{"half an escape of text", "Vx\\u00\n.", "UNICODE", 0, pickle.ErrShort},
		{"text beyond Latin-1", "c_codecs\nencode\n(V\\u0100\nVlatin1\ntR.", "REDUCE", 34, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := pickle.Buffers([]byte(tt.data))
			var at *pickle.Error
			require.ErrorAs(t, err, &at)
			require.Equal(t, tt.op, at.Op)
			require.Equal(t, tt.offset, at.Offset)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
		})
	}
}

func TestUnfoldingIsBounded(t *testing.T) {
	const buffer = 1 << 20
	repeated := func(n int) []byte {
		data := append([]byte("](B"), binary.LittleEndian.AppendUint32(nil, buffer)...)
		data = append(data, make([]byte, buffer)...)
		data = append(data, "q\x00"...)
		data = append(data, strings.Repeat("h\x00", n)...)
		return append(data, "e."...)
	}
	got, err := pickle.Buffers(repeated(200))
	require.NoError(t, err)
	require.Len(t, got, 201)

	_, err = pickle.Buffers(repeated(1000))
	require.ErrorIs(t, err, pickle.ErrTooBig)

	_, err = pickle.Buffers(bytes.Repeat([]byte("]"), 2<<20))
	require.ErrorIs(t, err, pickle.ErrTooBig)

	text := "c_codecs\nencode\nq\x00VX\nq\x01" + "(V" + strings.Repeat("x", buffer) + "\nVlatin1\ntq\x02"
	_, err = pickle.Buffers([]byte(text + strings.Repeat("h\x00h\x02R", 1000) + "."))
	require.ErrorIs(t, err, pickle.ErrTooBig)
}

func TestMegabytes(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<17) // 2 MiB
	data := binary.LittleEndian.AppendUint64([]byte("\x80\x04]\x94\x8e"), uint64(len(big)))
	data = append(append(data, big...), "\x94a."...)
	got, err := pickle.Buffers(data)
	require.NoError(t, err)
	require.Equal(t, [][]byte{big}, got)
}

// What was pickled comes back, in the oldest and in the newest form.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(t, "list")
		oldest, newest := "(lp0\n", "\x80\x05]("
		for _, b := range list {
			oldest += "S" + repr(b) + "\na"
			newest += "B" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(b)))) + string(b)
		}
		for _, data := range []string{oldest + ".", newest + "e."} {
			got, err := pickle.Buffers([]byte(data))
			require.NoError(t, err)
			require.Len(t, got, len(list))
			for i := range list {
				require.True(t, bytes.Equal(list[i], got[i]))
			}
		}
	})
}

// repr quotes as Python 2 does, or rather escapes more than it.
func repr(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, "\\x%02x", c)
	}
	return "'" + s.String() + "'"
}

func FuzzBuffers(f *testing.F) {
	for _, tt := range append(fromPython3, fromPython2...) {
		f.Add([]byte(tt.data))
	}
	f.Add([]byte("cos\nsystem\n(S'id'\ntR."))
	f.Add([]byte("\x8e\xff\xff\xff\xff\xff\xff\xff\x7f."))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := pickle.Buffers(data)
		if err != nil {
			var at *pickle.Error
			require.ErrorAs(t, err, &at)
			require.LessOrEqual(t, at.Offset, len(data))
			return
		}
		// Whatever is accepted means the same when it is written plainly.
		plain := "\x80\x03]("
		for _, b := range got {
			plain += "B" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(b)))) + string(b)
		}
		again, err := pickle.Buffers([]byte(plain + "e."))
		require.NoError(t, err)
		require.Equal(t, len(got), len(again), strconv.Quote(plain))
	})
}
