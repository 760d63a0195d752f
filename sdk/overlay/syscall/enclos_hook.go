package syscall

// EnclosHook answers the calls of this package inside an enclave. Outside it is nil, and everything is as ever.
var EnclosHook EnclosKernel

// EnclosKernel is what an enclave has in place of the machine's files and network. The last result of a method about a descriptor
// says whether the descriptor is one of the enclave's: the others are the machine's.
type EnclosKernel interface {
	Read(fd int, p []byte) (int, error, bool)
	Write(fd int, p []byte) (int, error, bool)
	Pread(fd int, p []byte, offset int64) (int, error, bool)
	Pwrite(fd int, p []byte, offset int64) (int, error, bool)
	Seek(fd int, offset int64, whence int) (int64, error, bool)
	Close(fd int) (error, bool)
	Fcntl(fd, cmd, arg int) (int, error, bool)
	Dup(fd int) (int, error, bool)
	Fstat(fd int, st *Stat_t) (error, bool)
	Ftruncate(fd int, size int64) (error, bool)
	Sync(fd int) (error, bool)
	Nop(fd int) (error, bool)
	Fchmod(fd int, mode uint32) (error, bool)
	Fchdir(fd int) (error, bool)
	Getdents(fd int, buf []byte) (int, error, bool)

	Openat(dirfd int, path string, flags int, mode uint32) (int, error)
	Fstatat(dirfd int, path string, st *Stat_t, flags int) error
	Faccessat(dirfd int, path string, mode uint32) error
	Fchmodat(dirfd int, path string, mode uint32) error
	Mkdirat(dirfd int, path string, mode uint32) error
	Unlinkat(dirfd int, path string, flags int) error
	Renameat(olddirfd int, oldpath string, newdirfd int, newpath string) error
	Linkat(olddirfd int, oldpath string, newdirfd int, newpath string) error
	Symlinkat(target string, dirfd int, path string) error
	Readlinkat(dirfd int, path string, buf []byte) (int, error)
	Utimensat(dirfd int, path string, times *[2]Timespec, flags int) error
	Truncate(path string, size int64) error
	Chdir(path string) error
	Getcwd(buf []byte) (int, error)

	Socket(domain, kind, protocol int) (int, error)
	Bind(fd int, to Sockaddr) (error, bool)
	Listen(fd, backlog int) (error, bool)
	Accept4(fd, flags int) (int, Sockaddr, error, bool)
	Connect(fd int, to Sockaddr) (error, bool)
	Shutdown(fd, how int) (error, bool)
	Getsockname(fd int) (Sockaddr, error, bool)
	Getpeername(fd int) (Sockaddr, error, bool)
	Setsockopt(fd, level, option, value int) (error, bool)
	Getsockopt(fd, level, option int) (int, error, bool)
	Pipe(p *[2]int, flags int) error
	HostName() string
}

// enclosUname is uname(2) of an enclave: its name, and nothing of the machine.
func enclosUname(h EnclosKernel, buf *Utsname) {
	*buf = Utsname{}
	enclosText(buf.Sysname[:], "Linux")
	enclosText(buf.Nodename[:], h.HostName())
	// A version that every Go accepts; features are found by trying.
	enclosText(buf.Release[:], "5.4.0")
}

func enclosText[T int8 | uint8](to []T, text string) {
	for i := 0; i < len(text) && i < len(to)-1; i++ {
		to[i] = T(text[i])
	}
}
